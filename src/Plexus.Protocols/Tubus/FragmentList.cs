namespace Plexus.Protocols.Tubus;

/// <summary>A list of fragments through the fragments themselves.</summary>
internal struct FragmentList()
{
    public const long None = -1;

    public long Head { get; private set; } = None;

    public long Tail { get; private set; } = None;

    public readonly bool IsEmpty => Head == None;

    public void Append(SendWindow window, long number)
    {
        ref Fragment fragment = ref window[number];
        fragment.Previous = Tail;
        fragment.Following = None;
        if (Tail == None) Head = number;
        else window[Tail].Following = number;
        Tail = number;
    }

    public void Remove(SendWindow window, long number)
    {
        ref Fragment fragment = ref window[number];
        if (fragment.Previous == None) Head = fragment.Following;
        else window[fragment.Previous].Following = fragment.Following;
        if (fragment.Following == None) Tail = fragment.Previous;
        else window[fragment.Following].Previous = fragment.Previous;
    }
}
