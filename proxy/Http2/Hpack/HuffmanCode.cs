namespace MeshOrleans.Proxy.Http2.Hpack;

/// <summary>
/// Reads strings that the peer has compressed (RFC 7541 section 5.2 and appendix B). The code is canonical, so that the lengths
/// of its words say everything; the tree is walked four bits at a time.
/// </summary>
internal static class HuffmanCode
{
    private const int End = 256; // the symbol that must not occur
    private const int LongestPadding = 7;

    // the length of each symbol's word, in bits
    private static ReadOnlySpan<byte> Lengths =>
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ];

    private static readonly Step[] _steps = Build();

    /// <summary>Reads a string; false when it is none.</summary>
    /// <param name="coded">Its words.</param>
    /// <param name="text">Takes it; at least <see cref="LongestOf"/> bytes.</param>
    /// <param name="length">Its length, in bytes.</param>
    public static bool TryDecode(ReadOnlySpan<byte> coded, Span<byte> text, out int length)
    {
        (length, var state, var padding, var isPadding) = (0, 0, 0, true);
        foreach (var octet in coded)
        {
            for (var shift = 4; shift >= 0; shift -= 4)
            {
                var nibble = (octet >> shift) & 0xf;
                var step = _steps[(state << 4) | nibble];
                if (step.Fails) return false;
                if (step.Emits) text[length++] = step.Symbol;
                (state, padding, isPadding) = (step.Next, step.Padding, step.IsPadding);
            }
        }

        return state == 0 || (isPadding && padding <= LongestPadding);
    }

    /// <summary>How long a string of so many coded bytes can be.</summary>
    public static int LongestOf(int coded) => (coded * 8 / 5) + 1;

    private static Step[] Build()
    {
        var tree = new List<int[]> { NewNode() };
        var code = 0;
        for (var length = 1; length <= 30; length++)
        {
            for (var symbol = 0; symbol < Lengths.Length; symbol++)
            {
                if (Lengths[symbol] == length) Plant(tree, code++, length, symbol);
            }

            code <<= 1;
        }

        var steps = new Step[tree.Count << 4];
        for (var state = 0; state < tree.Count; state++)
        {
            for (var nibble = 0; nibble < 16; nibble++) steps[(state << 4) | nibble] = Walk(tree, state, nibble);
        }

        // how deep a state is, and whether only ones lead to it, is a matter of the state
        var depths = new Dictionary<int, int> { [0] = 0 };
        for (var (node, depth) = (0, 0); tree[node][1] > 0; depth++) depths[node = tree[node][1]] = depth + 1;
        for (var i = 0; i < steps.Length; i++)
        {
            if (depths.TryGetValue(steps[i].Next, out var depth))
            {
                steps[i] = steps[i] with { Padding = depth, IsPadding = true };
            }
        }

        return steps;
    }

    // Inner nodes are positive numbers, leaves are the complement of their symbol.
    private static int[] NewNode() => [0, 0];

    private static void Plant(List<int[]> tree, int code, int length, int symbol)
    {
        var node = 0;
        for (var bit = length - 1; bit > 0; bit--)
        {
            ref var next = ref tree[node][(code >> bit) & 1];
            if (next == 0)
            {
                next = tree.Count;
                tree.Add(NewNode());
            }

            node = next;
        }

        tree[node][code & 1] = ~symbol;
    }

    private static Step Walk(List<int[]> tree, int state, int nibble)
    {
        var step = new Step { Next = state };
        for (var bit = 3; bit >= 0; bit--)
        {
            var next = tree[step.Next][(nibble >> bit) & 1];
            if (next is 0 or ~End) return new Step { Fails = true };
            step = next > 0 ? step with { Next = next } : step with { Next = 0, Emits = true, Symbol = (byte)~next };
        }

        return step;
    }

    // Four bits hold the end of one word at most: the shortest has five.
    private readonly record struct Step
    {
        public int Next { get; init; }

        public int Padding { get; init; }

        public bool IsPadding { get; init; }

        public bool Emits { get; init; }

        public bool Fails { get; init; }

        public byte Symbol { get; init; }
    }
}
