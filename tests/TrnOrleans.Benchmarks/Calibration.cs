using System.Globalization;
using System.Text.Json;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Validation;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Benchmarks;

/// <summary>
/// Fits the efficiencies of a software stack to the calibration rows of published tables: least absolute relative error, by least squares that
/// are weighted anew, with a pull towards where it began for what the rows do not decide. What it prints goes into stacks.json.
/// </summary>
/// <param name="name">Of the stack.</param>
/// <param name="chip">Its chip.</param>
/// <param name="tables">Names of tables.</param>
internal sealed class Calibration(string name, string chip, IReadOnlyList<string> tables)
{
    private const double Pull = 0.1;
    private const double Step = 1e-4;

    private static readonly (string Name, Func<SoftwareStack, double> Get, Func<SoftwareStack, double, SoftwareStack> Set, double Most)[] s_all =
    [
        ("tensor_efficiency", s => s.TensorEfficiency, (s, v) => s with { TensorEfficiency = v }, 0.95),
        ("half_rows", s => s.HalfRows, (s, v) => s with { HalfRows = v }, 1e4),
        ("half_columns", s => s.HalfColumns, (s, v) => s with { HalfColumns = v }, 1e4),
        ("attention_efficiency", s => s.AttentionEfficiency, (s, v) => s with { AttentionEfficiency = v }, 0.9),
        ("bytes_per_score", s => s.BytesPerScore, (s, v) => s with { BytesPerScore = v }, 100),
        ("bytes_per_value", s => s.BytesPerValue, (s, v) => s with { BytesPerValue = v }, 300),
        ("forward_floor_seconds", s => s.ForwardFloorSeconds, (s, v) => s with { ForwardFloorSeconds = v }, 1),
        ("backward_floor_seconds", s => s.BackwardFloorSeconds, (s, v) => s with { BackwardFloorSeconds = v }, 1),
        ("collective_seconds", s => s.CollectiveSeconds, (s, v) => s with { CollectiveSeconds = v }, 1),
        ("fabric_efficiency", s => s.FabricEfficiency, (s, v) => s with { FabricEfficiency = v }, 1),
        ("network_efficiency", s => s.NetworkEfficiency, (s, v) => s with { NetworkEfficiency = v }, 1),
        ("pipeline_exposed", s => s.PipelineExposed, (s, v) => s with { PipelineExposed = v }, 1),
        ("data_parallel_exposed", s => s.DataParallelExposed, (s, v) => s with { DataParallelExposed = v }, 1),
        ("optimizer_bytes_per_parameter", s => s.OptimizerBytesPerParameter, (s, v) => s with { OptimizerBytesPerParameter = v }, 200),
        ("step_seconds", s => s.StepSeconds, (s, v) => s with { StepSeconds = v }, 1),
        ("size_exponent", s => s.SizeExponent, (s, v) => s with { SizeExponent = v }, 0.5),
        ("small_group_loss", s => s.SmallGroupLoss, (s, v) => s with { SmallGroupLoss = v }, 10),
    ];

    internal int Run()
    {
        SoftwareStack start = Catalogue.BuiltIn.Stack(name, chip);

        // What is 0 stays so: the stack does not have it.
        var parameters = s_all.Where(p => p.Get(start) > 0).ToArray();
        ValidationTable[] read = [.. tables.Select(t => PublishedTables.All.First(p => p.Name == t))];

        // Every table counts alike, however many rows it has.
        (Measurement Row, double Weight)[] rows = [.. read.SelectMany(t => t.Rows.Where(r => r.IsCalibration).Select(r => (r, 1.0 / t.Rows.Count(x => x.IsCalibration))))];
        double[] first = [.. parameters.Select(p => Math.Log(p.Get(start)))];
        double[] now = [.. first];
        double[] errors = Errors(now);
        double best = Sum(errors);
        double damping = 1e-3;
        for (int round = 0; round < 150; round++)
        {
            double[] weights = [.. errors.Select((e, i) => i < rows.Length ? rows[i].Weight / (Math.Abs(e) + 0.01) : 1)];
            double[][] slopes = [.. parameters.Select((_, p) =>
            {
                double[] moved = [.. now];
                moved[p] += Step;
                return Errors(moved).Zip(errors, (a, b) => (a - b) / Step).ToArray();
            })];
            double[,] normal = new double[now.Length, now.Length + 1];
            for (int i = 0; i < now.Length; i++)
            {
                for (int j = 0; j < now.Length; j++)
                {
                    normal[i, j] = Enumerable.Range(0, errors.Length).Sum(r => weights[r] * slopes[i][r] * slopes[j][r]);
                }

                normal[i, i] *= 1 + damping;
                normal[i, i] += 1e-9;
                normal[i, now.Length] = -Enumerable.Range(0, errors.Length).Sum(r => weights[r] * slopes[i][r] * errors[r]);
            }

            double[] step = Solve(normal);
            double[] next = [.. now.Select((v, i) => Math.Min(Math.Log(parameters[i].Most), v + Math.Clamp(step[i], -0.5, 0.5)))];
            double[] tried = Errors(next);
            double sum = Sum(tried);
            if (sum < best)
            {
                (now, errors, best, damping) = (next, tried, sum, Math.Max(damping / 3, 1e-7));
            }
            else
            {
                damping *= 4;
                if (damping > 1e6)
                {
                    break;
                }
            }
        }

        Catalogue fitted = With(now);
        foreach (ValidationTable table in read)
        {
            IReadOnlyList<Deviation> deviations = table.Against(fitted);
            Deviation[] check = [.. deviations.Where(d => !d.Measured.IsCalibration)];
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{table.Name}: calibration {ValidationTable.MeanError(deviations.Where(d => d.Measured.IsCalibration)):F2} %, check {(check.Length == 0 ? double.NaN : ValidationTable.MeanError(check)):F2} %, all {ValidationTable.MeanError(deviations):F2} %"));
            foreach (Deviation d in deviations.Take(6))
            {
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {100 * d.Error:F1} %  {d.Measured.Label}: {d.Measured.Seconds:G4} s, modelled {d.Modelled:G4}"));
            }
        }

        Console.WriteLine(JsonSerializer.Serialize(fitted.Stack(name, chip), StrictJson.Options));
        return 0;

        Catalogue With(double[] values)
        {
            SoftwareStack stack = start;
            for (int p = 0; p < parameters.Length; p++)
            {
                stack = parameters[p].Set(stack, double.Parse(Math.Exp(values[p]).ToString("G4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
            }

            return Catalogue.BuiltIn with { Stacks = [stack, .. Catalogue.BuiltIn.Stacks.Where(s => s.Name != name || s.Chip != chip)] };
        }

        double[] Errors(double[] values)
        {
            SoftwareStack stack = start;
            for (int p = 0; p < parameters.Length; p++)
            {
                stack = parameters[p].Set(stack, Math.Exp(values[p]));
            }

            Catalogue catalogue = Catalogue.BuiltIn with { Stacks = [stack, .. Catalogue.BuiltIn.Stacks.Where(s => s.Name != name || s.Chip != chip)] };
            return [.. rows.Select(r => Math.Log(r.Row.Modelled(catalogue) / r.Row.Seconds)), .. values.Select((v, i) => Pull * (v - first[i]))];
        }

        double Sum(double[] all) => all.Select((e, i) => i < rows.Length ? rows[i].Weight * Math.Abs(e) : 0.2 * e * e).Sum();
    }

    /// <summary>Gauß with pivots; the right side is the last column.</summary>
    private static double[] Solve(double[,] system)
    {
        int n = system.GetLength(0);
        for (int column = 0; column < n; column++)
        {
            int pivot = Enumerable.Range(column, n - column).MaxBy(r => Math.Abs(system[r, column]));
            for (int j = column; j <= n; j++)
            {
                (system[column, j], system[pivot, j]) = (system[pivot, j], system[column, j]);
            }

            for (int row = 0; row < n; row++)
            {
                double factor = row == column ? 0 : system[row, column] / system[column, column];
                for (int j = column; factor != 0 && j <= n; j++)
                {
                    system[row, j] -= factor * system[column, j];
                }
            }
        }

        return [.. Enumerable.Range(0, n).Select(i => system[i, n] / system[i, i])];
    }
}
