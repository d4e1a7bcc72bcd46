using System.Buffers;
using MeshOrleans.Proxy.Http2.Hpack;

namespace MeshOrleans.Proxy.Tests.Http2;

/// <summary>The blocks of RFC 7541 appendix C, what may not be, and what comes back of what was written.</summary>
public sealed class HpackTests
{
    [Fact]
    public void Requests_of_the_RFC_are_read()
    {
        var decoder = new HpackDecoder(10_000);

        Assert.Equal(
            ":method GET|:scheme http|:path /|:authority www.example.com", Read(decoder, "828684418cf1e3c2e5f23a6ba0ab90f4ff"));
        Assert.Equal(
            ":method GET|:scheme http|:path /|:authority www.example.com|cache-control no-cache",
            Read(decoder, "828684be5886a8eb10649cbf"));
        Assert.Equal(
            ":method GET|:scheme https|:path /index.html|:authority www.example.com|custom-key custom-value",
            Read(decoder, "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"));
    }

    [Fact]
    public void Responses_of_the_RFC_are_read_while_their_fields_drop_out_of_the_table()
    {
        var decoder = new HpackDecoder(10_000, tableSize: 256);

        Assert.Equal(
            ":status 302|cache-control private|date Mon, 21 Oct 2013 20:13:21 GMT|location https://www.example.com",
            Read(decoder, "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3"));
        Assert.Equal(
            ":status 307|cache-control private|date Mon, 21 Oct 2013 20:13:21 GMT|location https://www.example.com",
            Read(decoder, "4883640effc1c0bf"));
        Assert.Equal(
            ":status 200|cache-control private|date Mon, 21 Oct 2013 20:13:22 GMT|location https://www.example.com|content-encoding gzip"
                + "|set-cookie foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
            Read(decoder, "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007"));
    }

    [Theory]
    [InlineData("80")] // field 0
    [InlineData("be")] // the first of an empty table
    [InlineData("ff8080808080808001")] // a number without an end
    [InlineData("40")] // a name is missing
    [InlineData("4001")]
    [InlineData("400161")] // a value is missing
    [InlineData("40016105aa")]
    [InlineData("4081ff0161")] // a string of padding only
    [InlineData("408207ff0161")] // padding of more than seven bits
    [InlineData("408100" + "0161")] // padding of zeros
    [InlineData("4084ffffffff0161")] // the end of strings is written out
    [InlineData("3fe21f")] // a table that is larger than was announced
    [InlineData("8220")] // a table's size after a field
    public void What_is_no_block_is_refused(string block) =>
        Assert.Equal(DecodeResult.Malformed, new HpackDecoder(10_000).Decode(Convert.FromHexString(block), new Fields()));

    [Fact]
    public void A_list_that_is_too_long_is_cut_and_the_table_stays_right()
    {
        var (output, decoder, encoder) = (new ArrayBufferWriter<byte>(), new HpackDecoder(100), new HpackEncoder());
        encoder.Write(output, "a", new string('x', 60));
        encoder.Write(output, "b", "y");

        var fields = new Fields();
        Assert.Equal(DecodeResult.TooLong, decoder.Decode(output.WrittenSpan, fields));
        Assert.Equal($"a {new string('x', 60)}", fields.ToString());
        output.Clear();
        encoder.Write(output, "b", "y");
        Assert.Equal("b y", Read(decoder, Convert.ToHexString(output.WrittenSpan)));
    }

    [Fact]
    public void What_comes_again_is_one_byte_and_what_is_secret_is_nowhere_remembered()
    {
        var encoder = new HpackEncoder();
        Write(encoder, ("x-a", "b"), ("authorization", "secret"), ("x-request-id", "1"));

        var again = Write(encoder, ("x-a", "b"));
        var secret = Write(encoder, ("authorization", "secret"));
        var changing = Write(encoder, ("x-request-id", "1"));

        Assert.Single(again);
        Assert.Equal(0x10, secret[0] & 0xf0); // never indexed, by anybody (RFC 7541 section 7.1.3)
        Assert.Equal(0x00, changing[0] & 0xf0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_was_written_is_read_whatever_becomes_of_the_table(int seed)
    {
        var random = new Random(seed);
        var (encoder, decoder) = (new HpackEncoder(), new HpackDecoder(1_000_000));
        for (var block = 0; block < 2000; block++)
        {
            for (var i = random.Next(4); i == 3;  i = random.Next(4)) encoder.Resize(random.Next(3) == 0 ? 0 : random.Next(6000));
            var fields = Enumerable.Range(0, random.Next(12)).Select(_ => Some(random)).ToArray();

            var written = Write(encoder, fields);

            Assert.Equal(string.Join('|', fields.Select(f => $"{f.Name} {f.Value}")), Read(decoder, Convert.ToHexString(written)));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void No_bytes_make_it_throw(int seed)
    {
        var random = new Random(seed);
        var whole = 0;
        var decoder = new HpackDecoder(20_000);
        for (var i = 0; i < 100_000; i++)
        {
            var block = new byte[random.Next(40)];
            random.NextBytes(block);
            if (decoder.Decode(block, new Fields()) is DecodeResult.Whole) whole++;
        }

        Assert.True(whole > 1000, $"only {whole} of the blocks could be read: they try too little");
    }

    private static (string Name, string Value) Some(Random random)
    {
        string[] names = [":path", "x-a", "x-b", "cookie", "accept", "content-type", "date", $"x-{random.Next(50)}"];
        var value = random.Next(5) == 0 ? new string('v', random.Next(700)) : $"{random.Next(30)}\u00e4";
        return (names[random.Next(names.Length)], value);
    }

    private static byte[] Write(HpackEncoder encoder, params (string Name, string Value)[] fields)
    {
        var output = new ArrayBufferWriter<byte>();
        encoder.Begin(output);
        foreach (var (name, value) in fields) encoder.Write(output, name, value);
        return output.WrittenSpan.ToArray();
    }

    private static string Read(HpackDecoder decoder, string block)
    {
        var fields = new Fields();
        Assert.Equal(DecodeResult.Whole, decoder.Decode(Convert.FromHexString(block), fields));
        return fields.ToString();
    }

    private sealed class Fields : IFieldSink
    {
        private readonly List<string> _fields = [];

        public void Take(string name, string value) => _fields.Add($"{name} {value}");

        public override string ToString() => string.Join('|', _fields);
    }
}
