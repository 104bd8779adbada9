using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Models.Data;

/// <summary>Finds the four files of an MNIST-shaped data set in a folder: raw or .gz, with a dash or a dot before idx.</summary>
public static class ImageFolder
{
    /// <summary>The files' names, without the ending .gz.</summary>
    public static IReadOnlyList<string> Files { get; } =
        ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

    /// <summary>The path of one of the files, or null.</summary>
    public static string? Find(string folder, string file)
    {
        string dotted = file.Replace("-idx", ".idx", StringComparison.Ordinal);
        return new[] { file, file + ".gz", dotted, dotted + ".gz" }.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }

    /// <summary>Reads the data set.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="folder">Where the four files are.</param>
    /// <param name="pinned">What the files must be, or null for anything.</param>
    /// <exception cref="InvalidDescriptionException">a file is missing, damaged or not the pinned one, or images and labels differ in number.</exception>
    public static ImageDataset Read(string name, string folder, IReadOnlyList<CatalogueFile>? pinned = null)
    {
        return new ImageDataset(name, Pair(Files[0], Files[1]), Pair(Files[2], Files[3]));

        LabelledImages Pair(string imageFile, string labelFile)
        {
            IdxContent images = One(imageFile, 3);
            IdxContent labels = One(labelFile, 1);
            return images.Sizes[0] == labels.Sizes[0]
                ? new LabelledImages(images.Values, labels.Values)
                : throw new InvalidDescriptionException($"{folder}: {imageFile} holds {images.Sizes[0]} images, and {labelFile} {labels.Sizes[0]} labels");
        }

        IdxContent One(string file, int dimensions)
        {
            string path = Find(folder, file) ?? throw new InvalidDescriptionException(
                $"{folder} has no {file} (raw or .gz); an image data set is the four files {string.Join(", ", Files)}");
            IdxContent content = IdxReader.Read(path, dimensions);
            return pinned is null || pinned.Single(p => p.Name == file).Sha256 == content.Sha256
                ? content
                : throw new InvalidDescriptionException(
                    $"{path} is not the file of {name} that this name stands for (its SHA-256 differs); remove it, or name the folder itself as --data");
        }
    }
}
