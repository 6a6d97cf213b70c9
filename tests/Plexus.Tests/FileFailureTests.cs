namespace Plexus.Tests;

public sealed class FileFailureTests
{
    [Fact]
    public void The_path_is_not_told_twice()
    {
        Assert.Equal("no space left on device", FileFailure.ReasonOf(new IOException("No space left on device : '/r/.cert.crt.x.tmp'"), "/r/cert.crt"));
        Assert.Equal("it is larger than 64 KiB", FileFailure.ReasonOf(new IOException("it is larger than 64 KiB"), "/x"));
    }

    [Fact]
    public void What_is_missing_is_told_from_what_is_forbidden()
    {
        string folder = Path.GetTempPath();
        UnauthorizedAccessException denied = new("Access to the path '/x' is denied.");
        Assert.Equal("it does not exist", FileFailure.ReasonOf(new FileNotFoundException(), "/x"));
        Assert.Equal("its folder does not exist", FileFailure.ReasonOf(new DirectoryNotFoundException(), "/x/y"));
        Assert.Equal("it is a folder", FileFailure.ReasonOf(denied, folder));
        Assert.EndsWith("has no permission", FileFailure.ReasonOf(denied, folder, isFolder: true), StringComparison.Ordinal);
        Assert.EndsWith("has no permission", FileFailure.ReasonOf(denied, Path.Combine(folder, "no-such-file")), StringComparison.Ordinal);
    }
}
