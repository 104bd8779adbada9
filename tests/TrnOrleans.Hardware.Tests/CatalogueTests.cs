namespace TrnOrleans.Hardware.Tests;

public sealed class CatalogueTests
{
    [Fact]
    public void The_UltraServers_have_the_chips_that_AWS_states()
    {
        Assert.Equal(64, UltraServerSystem.All.Single(s => s.Name == "trn3-gen1").ChipCount);
        Assert.Equal(144, UltraServerSystem.All.Single(s => s.Name == "trn3-gen2").ChipCount);
        Assert.Equal("trn3-gen2", UltraServerSystem.Largest.Name);
    }

    [Fact]
    public void Every_figure_says_where_it_comes_from()
    {
        Assert.All(UltraServerSystem.All.SelectMany(s => new[] { s.Chips, s.SledChips }), figure =>
        {
            Assert.False(string.IsNullOrWhiteSpace(figure.Source));
            Assert.True(figure.Value > 0);
        });
    }
}
