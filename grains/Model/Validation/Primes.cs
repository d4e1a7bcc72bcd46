namespace MeshOrleans.Model.Validation;

/// <summary>The prime numbers, for sizes of tables that must be one.</summary>
public static class Primes
{
    /// <summary>Whether a number is a prime. Takes as long as its square root.</summary>
    public static bool Contains(long number)
    {
        if (number < 2) return false;
        for (var divisor = 2L; divisor * divisor <= number; divisor++)
        {
            if (number % divisor == 0) return false;
        }

        return true;
    }
}
