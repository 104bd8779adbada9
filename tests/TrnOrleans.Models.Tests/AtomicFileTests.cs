using TrnOrleans.Models.Weights;
using TrnOrleans.Tests;

namespace TrnOrleans.Models.Tests;

public class AtomicFileTests
{
    [Fact]
    public async Task A_failing_writer_leaves_the_old_file_and_nothing_else()
    {
        using TempFolder folder = new();
        string path = folder.File("w", "old");
        await Assert.ThrowsAsync<IOException>(() => AtomicFile.WriteAsync(path, stream =>
        {
            stream.Write("half of the new"u8);
            stream.Flush();
            throw new IOException("disk full");
        }));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal(["w"], folder.Names);
    }

    [Fact]
    public async Task A_good_writer_replaces_the_old_file()
    {
        using TempFolder folder = new();
        string path = folder.File("w", "a longer old file");
        await AtomicFile.WriteAsync(path, stream =>
        {
            stream.Write("new"u8);
            Assert.Equal("a longer old file", File.ReadAllText(path));
            return Task.CompletedTask;
        });
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal(["w"], folder.Names);
    }

    [Fact]
    public async Task A_folder_is_no_place_for_a_file()
    {
        using TempFolder folder = new();
        Assert.Throws<UnauthorizedAccessException>(() => AtomicFile.CheckWritable(folder.Root));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => AtomicFile.WriteAsync(folder.Root, _ => Task.CompletedTask));
    }

    [Fact]
    public void A_missing_folder_is_found_out_before()
    {
        using TempFolder folder = new();
        Assert.ThrowsAny<IOException>(() => AtomicFile.CheckWritable(folder.At("none/w")));
        Assert.ThrowsAny<IOException>(() => AtomicFile.CheckWritable(Path.Combine(folder.File("file", "x"), "w")));
    }

    [Fact]
    public void Looking_whether_a_file_can_be_written_changes_nothing()
    {
        using TempFolder folder = new();
        string path = folder.File("w", "old");
        AtomicFile.CheckWritable(path);
        AtomicFile.CheckWritable(folder.At("other"));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal(["w"], folder.Names);
    }

    [Fact]
    public void A_device_is_not_replaced_by_a_file()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "there is no /dev here");
        Assert.Throws<IOException>(() => AtomicFile.CheckWritable("/dev/null"));
    }
}
