using System.Globalization;
using System.Text.Json.Nodes;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;

namespace TrnOrleans.Client.Output;

/// <summary>Results of collectives, in the columns of nccom-test; bandwidths as nccl-tests defines them.</summary>
internal sealed class CollectiveTable
{
    private readonly CollectiveKind _kind;
    private readonly int _ranks;
    private readonly bool _isBf16;
    private readonly TextWriter _output;
    private readonly List<Row> _rows = [];

    internal CollectiveTable(CollectiveKind kind, int ranks, bool isBf16, TextWriter output)
    {
        (_kind, _ranks, _isBf16, _output) = (kind, ranks, isBf16, output);
        output.WriteLine($"{"size(B)",12}{"count(elems)",16}{"type",8}{"time:avg(us)",16}{"algbw(GB/s)",15}{"busbw(GB/s)",15}");
    }

    /// <summary>Floats that were wrong in all checks.</summary>
    internal long Wrong => _rows.Sum(r => r.Result.Wrong ?? 0);

    /// <summary>Bytes over the bus, seen from one chip, for each byte of the size.</summary>
    private double BusFactor => _kind switch
    {
        CollectiveKind.AllReduce => 2.0 * (_ranks - 1) / _ranks,
        CollectiveKind.Broadcast => 1,
        _ => (double)(_ranks - 1) / _ranks,
    };

    private string Type => _isBf16 ? "bf16" : "fp32";

    private int TypeBytes => _isBf16 ? sizeof(ushort) : sizeof(float);

    private double AverageBus => _rows.Average(r => r.BusBandwidth);

    internal void Add(long bytes, CollectiveResult result)
    {
        double algorithm = bytes / result.Microseconds / 1e3;
        Row row = new(bytes, result, algorithm, algorithm * BusFactor);
        _rows.Add(row);
        string check = result.Wrong is { } wrong ? wrong == 0 ? "  ok" : $"  {wrong} wrong" : string.Empty;
        _output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{bytes,12}{bytes / TypeBytes,16}{Type,8}{result.Microseconds,16:F1}{row.AlgorithmBandwidth,15:F3}{row.BusBandwidth,15:F3}{check}"));
    }

    /// <summary>The closing line, and what was sent when there are several silos.</summary>
    internal void Close()
    {
        _output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Avg bus bandwidth:\t{AverageBus:F4}GB/s"));
        foreach (Row row in _rows.Where(r => r.Result.Silos > 1).TakeLast(1))
        {
            foreach ((string silo, long sent) in Sent(row))
            {
                double bound = Bound(row);
                _output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"{silo} sent {sent:N0} bytes for {row.Bytes:N0}; the lower bound is {bound:N0} ({sent / bound:F3} x)"));
            }
        }
    }

    /// <summary>Names are a promise.</summary>
    internal JsonObject ToJson() => new()
    {
        ["operation"] = Name,
        ["chips"] = _ranks,
        ["results"] = new JsonArray([.. _rows.Select(row => (JsonNode)new JsonObject
        {
            ["size_bytes"] = row.Bytes,
            ["count"] = row.Bytes / TypeBytes,
            ["type"] = Type,
            ["time_us"] = row.Result.Microseconds,
            ["algbw_gb_per_s"] = row.AlgorithmBandwidth,
            ["busbw_gb_per_s"] = row.BusBandwidth,
            ["wrong"] = row.Result.Wrong,
            ["silos"] = new JsonArray([.. Sent(row).Select(s => (JsonNode)new JsonObject
            {
                ["silo"] = s.Silo,
                ["sent_bytes"] = s.Bytes,
                ["lower_bound_bytes"] = Bound(row),
            })]),
        })]),
        ["avg_busbw_gb_per_s"] = AverageBus,
    };

    /// <summary>As nccom-test writes it.</summary>
    internal JsonObject ToReport() => new()
    {
        ["results"] = new JsonArray([.. _rows.Select(row => (JsonNode)new JsonObject
        {
            ["size(B)"] = row.Bytes,
            ["count(elems)"] = row.Bytes / TypeBytes,
            ["type"] = Type,
            ["time:avg(us)"] = row.Result.Microseconds,
            ["algbw(GB/s)"] = row.AlgorithmBandwidth,
            ["busbw(GB/s)"] = row.BusBandwidth,
        })]),
        ["avg_bus_bandwidth(GB/s)"] = AverageBus,
    };

    private string Name => _kind switch
    {
        CollectiveKind.AllReduce => "all_reduce",
        CollectiveKind.ReduceScatter => "reduce_scatter",
        CollectiveKind.AllGather => "all_gather",
        _ => "broadcast",
    };

    private static IEnumerable<(string Silo, long Bytes)> Sent(Row row) =>
        row.Result.Links.GroupBy(l => l.From).Select(g => (ClusterView.ForPeople(g.Key), g.Sum(l => l.Bytes)));

    /// <summary>What a silo must send at least when all send alike; of a broadcast, what the first one must.</summary>
    private double Bound(Row row)
    {
        double others = (double)(row.Result.Silos - 1) / row.Result.Silos;
        return row.Bytes * (_kind switch
        {
            CollectiveKind.AllReduce => 2 * others,
            CollectiveKind.Broadcast => 1,
            _ => others,
        });
    }

    private sealed record Row(long Bytes, CollectiveResult Result, double AlgorithmBandwidth, double BusBandwidth);
}
