using System.Text;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Validation;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Hardware.Tests.Validation;

/// <summary>The model against published times: what it promises, with efficiencies that were fitted to some of the rows only.</summary>
public sealed class ValidationTests
{
    [Theory]
    [InlineData("korthikanti-2022-a100", 3.65)]
    [InlineData("megatron-2021-a100", 8)]
    [InlineData("a100-8gpu-node", 8.4)]
    [InlineData("a100-cluster", 7)]
    [InlineData("megatron-core-h100", 12)]
    [InlineData("trn1-neuron-sdk", 10)]
    [InlineData("nccl-a100-x2-allreduce", 1.7)]
    [InlineData("nccl-a100-x4-allreduce", 1.7)]
    public void The_mean_error_is_as_small_as_promised(string name, double percent)
    {
        ValidationTable table = PublishedTables.All.Single(t => t.Name == name);
        IReadOnlyList<Deviation> all = table.Against(Catalogue.BuiltIn);
        Assert.Equal(table.Rows.Count, all.Count);
        Assert.InRange(ValidationTable.MeanError(all), 0, percent);

        // And not because it learned the rows by heart.
        Assert.InRange(ValidationTable.MeanError(all.Where(d => !d.Measured.IsCalibration)), 0, Math.Max(percent, 10));
    }

    [Fact]
    public void Columns_decide_which_table_it_is()
    {
        ValidationTable table = PublishedTables.Of(Csv("op,ranks,nodes,dtype,bytes,time_us\nallr,32,1,fp32,1000000,100\n"), isOwn: true);
        Assert.Contains("nccom-test", table.Source, StringComparison.Ordinal);
        Assert.Empty(table.Others);
    }

    [Fact]
    public void Worst_comes_first() => Assert.All(PublishedTables.All.Select(t => t.Against(Catalogue.BuiltIn).Select(d => Math.Abs(d.Error)).ToArray()), errors =>
        Assert.Equal(errors.OrderDescending(), errors));

    [Fact]
    public void A_table_of_ones_own_is_known_by_its_columns_and_is_all_check()
    {
        const string Text = "gpus,global_batch,micro_batch,hidden,heads,layers,seq_len,tp,dp,pp,iteration_ms\n8,16,1,2048,16,24,1024,2,2,2,650\n";
        ValidationTable table = PublishedTables.Of(Csv(Text), isOwn: true);
        Deviation only = Assert.Single(table.Against(Catalogue.BuiltIn));
        Assert.False(only.Measured.IsCalibration);
        Assert.Equal(0.65, only.Measured.Seconds);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("a,b\n", "has no rows")]
    [InlineData("a,b\n1,2\n", "has the columns of no table that is known")]
    [InlineData("bytes,time_us\n1\n", "1 fields, and there are 2 columns")]
    [InlineData("bytes,time_us\n0,3\n", "bytes is \"0\"; it takes a number above 0")]
    [InlineData("bytes,time_us\n5,x\n", "time_us is \"x\"; it takes a number above 0")]
    [InlineData("bytes,bytes\n5,5\n", "names a column twice")]
    [InlineData("bytes,time_us\n\"5,5\n", "a quote is not closed")]
    [InlineData("op,ranks,nodes,dtype,bytes,time_us\nalltoallv,2,1,fp32,5,5\n", "has no rows that can be modelled")]
    [InlineData("model,neuron_sdk,chips,topology_listed,micro_batch,global_batch,seq_len,step_s_derived\nLlama2-7B,2,256,TP=8 PP=0,1,256,4096,5\n", "cannot be read")]
    [InlineData("model,neuron_sdk,chips,topology_listed,micro_batch,global_batch,seq_len,step_s_derived\nLlama9-7B,2,256,TP=8 PP=1,1,256,4096,5\n", "the size of Llama9-7B is not known")]
    [InlineData("hidden,layers,heads,tp,pp,gpus,global_batch,seq_len,vocab,step_s_derived\n2304,24,24,65536,65536,32,512,2048,51200,3.5\n", "no multiple of TP 65536")]
    [InlineData("gpus,global_batch,micro_batch,hidden,heads,layers,seq_len,tp,dp,pp,iteration_ms\n8,16,1,600000000,16,24,1024,2,2,2,650\n", "")]
    [InlineData("gpus,global_batch,micro_batch,hidden,heads,layers,seq_len,tp,dp,pp,iteration_ms\n8,16,3,2048,16,24,1024,2,2,2,650\n", "does not divide")]
    public void A_table_that_cannot_be_read_is_refused(string text, string sentence) => Assert.Contains(
        sentence, Assert.Throws<InvalidDescriptionException>(() => PublishedTables.Of(Csv(text), isOwn: true).Against(Catalogue.BuiltIn)).Message, StringComparison.Ordinal);

    private static CsvTable Csv(string text) => CsvTable.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), "mine.csv");
}
