using System.Globalization;
using System.Security;
using System.Text;

namespace TrnOrleans.Client.Output;

/// <summary>A line in a plot: its name and its points.</summary>
/// <param name="Name">For the legend.</param>
/// <param name="Points">Left to right, above 0.</param>
internal sealed record PlotLine(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Draws lines as SVG, which browsers and documents show; over logarithmic axes, or over even ones.</summary>
internal static class LinePlot
{
    private const int Width = 760;
    private const int Height = 440;
    private const int Left = 90;
    private const int Right = 30;
    private const int Top = 50;
    private const int Bottom = 60;

    // More points are a curve, and need no marks.
    private const int MostMarked = 40;

    private const double MostTicks = 10;
    private static readonly int[] s_steps = [1, 2, 5, 10];

    private static readonly string[] s_colours = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22"];

    internal static string Draw(string title, string note, string xName, string yName, IReadOnlyList<PlotLine> lines, bool isEven = false)
    {
        (double X, double Y)[] all = [.. lines.SelectMany(l => l.Points)];
        Axis x = Axis.Over([.. all.Select(p => p.X)], isEven);
        Axis y = Axis.Over([.. all.Select(p => p.Y)], isEven);
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{Height}\" fill=\"white\"/>\n");
        Text(Left, 20, title, "font-size=\"15\"");
        Text(Left, 38, note, "fill=\"#555\"");
        foreach (double tick in x.Ticks)
        {
            double at = X(tick);
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{at:F1}\" y1=\"{Top}\" x2=\"{at:F1}\" y2=\"{Height - Bottom}\" stroke=\"#ddd\"/>\n");
            Text(at, Height - Bottom + 18, Short(tick), "text-anchor=\"middle\"");
        }

        foreach (double tick in y.Ticks)
        {
            double at = Y(tick);
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" y1=\"{at:F1}\" x2=\"{Width - Right}\" y2=\"{at:F1}\" stroke=\"#ddd\"/>\n");
            Text(Left - 8, at + 4, Short(tick), "text-anchor=\"end\"");
        }

        Text((Left + Width - Right) / 2.0, Height - 14, xName, "text-anchor=\"middle\"");
        Text(16, (Top + Height - Bottom) / 2.0, yName, $"text-anchor=\"middle\" transform=\"rotate(-90 16 {(Top + Height - Bottom) / 2})\"");
        foreach ((int index, PlotLine line) in lines.Index())
        {
            string colour = s_colours[index % s_colours.Length];
            string points = string.Join(' ', line.Points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(p.X):F1},{Y(p.Y):F1}")));
            svg.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n");
            foreach ((double px, double py) in line.Points.Count > MostMarked ? [] : line.Points)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{X(px):F1}\" cy=\"{Y(py):F1}\" r=\"3\" fill=\"{colour}\"/>\n");
            }

            // Curves of losses fall: there is room above their ends.
            Text(isEven ? Width - Right - 160 : Left + 12, Top + 18 + (16 * index), line.Name, $"fill=\"{colour}\"");
        }

        return svg.Append("</svg>\n").ToString();

        double X(double value) => Left + (x.Place(value) * (Width - Left - Right));

        double Y(double value) => Height - Bottom - (y.Place(value) * (Height - Top - Bottom));

        void Text(double at, double row, string text, string how) =>
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{at:F1}\" y=\"{row:F1}\" {how}>{SecurityElement.Escape(text)}</text>\n");
    }

    private static string Short(double value) => value switch
    {
        >= 1e9 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e9:G3}G"),
        >= 1e6 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e6:G3}M"),
        >= 1e3 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e3:G3}k"),
        _ => value.ToString("G3", CultureInfo.InvariantCulture),
    };

    /// <summary>An axis, logarithmic or even.</summary>
    private sealed record Axis(double From, double To, IReadOnlyList<double> Ticks, bool IsEven)
    {
        internal static Axis Over(IReadOnlyList<double> values, bool isEven)
        {
            if (isEven)
            {
                return Even(values.Min(), values.Max());
            }

            int first = (int)Math.Floor(Math.Log10(values.Min()));
            int last = (int)Math.Ceiling(Math.Log10(values.Max()));
            last = Math.Max(last, first + 1);
            return new Axis(first, last, [.. Enumerable.Range(first, last - first + 1).Select(e => double.Parse($"1e{e}", CultureInfo.InvariantCulture))], IsEven: false);
        }

        internal double Place(double value) => ((IsEven ? value : Math.Log10(value)) - From) / (To - From);

        /// <summary>Ticks at 1, 2 or 5 times a power of ten, some five to ten of them.</summary>
        private static Axis Even(double least, double most)
        {
            double range = Math.Max(most - least, Math.Max(Math.Abs(most), 1) * 1e-6);
            double power = double.Parse($"1e{Math.Floor(Math.Log10(range / 5))}", CultureInfo.InvariantCulture);
            double step = s_steps.Select(s => s * power).First(s => range / s <= MostTicks);
            double from = Math.Floor(least / step);
            int count = (int)(Math.Ceiling(most / step) - from) + 1;
            return new Axis(from * step, (from + Math.Max(count - 1, 1)) * step, [.. Enumerable.Range(0, count).Select(i => (from + i) * step)], IsEven: true);
        }
    }
}
