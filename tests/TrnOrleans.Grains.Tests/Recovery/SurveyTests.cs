using CsCheck;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Recovery;

namespace TrnOrleans.Grains.Tests.Recovery;

/// <summary>Which replicas a run goes on from.</summary>
public sealed class SurveyTests
{
    /// <summary>A replica that was copied at a step remembers nothing before; another one does, though it stands no further.</summary>
    [Fact]
    public void What_any_of_them_remembers_is_known()
    {
        static StepCommit[] Steps(int first, int count) => [.. Enumerable.Range(first, count).Select(s => new StepCommit(s, new CommitReport(0, s, 1, 1)))];
        Survey survey = Survey.Of([new HaltReport([], Steps(7, 3)), null, new HaltReport([], Steps(2, 8)), new HaltReport([], Steps(0, 4))], generation: 1);
        Assert.Equal(Enumerable.Range(0, 10).Select(s => (long)s), survey.Commits.Select(c => c.Step));
        Assert.All(survey.Commits, c => Assert.Equal(c.Step, c.Report.Loss));
    }

    [Fact]
    public void The_newest_step_wins_and_its_commits_are_remembered()
    {
        Survey survey = Survey.Of(
            [
                new HaltReport([Replica("a", 0, 7, "x"), Replica("a", 1, 7, "x")], [Commit(6)]),
                null,
                new HaltReport([Replica("b", 2, 8, "y")], [Commit(6), Commit(7)]),
            ],
            generation: 3);
        Assert.Equal([2], survey.Newest().Select(r => r.UltraServer));
        Assert.Equal([6L, 7], survey.Commits.Select(c => c.Step));
        Assert.False(survey.IsWhole);
    }

    [Fact]
    public void A_replica_that_was_fenced_off_is_nobody_s_source()
    {
        Survey survey = Survey.Of([new HaltReport([Replica("a", 0, 9, "x", generation: 2), Replica("a", 1, 8, "y")], [])], generation: 3);
        Assert.Equal([1], survey.Newest().Select(r => r.UltraServer));
    }

    [Fact]
    public void Of_other_bits_the_many_are_right_and_a_tie_is_an_error()
    {
        Assert.Equal([0, 2], Of("x", "y", "x").Newest().Select(r => r.UltraServer));
        RunFailedException error = Assert.Throws<RunFailedException>(() => Of("x", "y").Newest());
        Assert.Contains("differ after step 7", error.Message, StringComparison.Ordinal);
        Assert.Empty(Survey.Empty.Newest());
        static Survey Of(params string[] digests) =>
            Survey.Of([new HaltReport([.. digests.Select((digest, index) => Replica("a", index, 8, digest))], [])], generation: 3);
    }

    /// <summary>Whatever is left: sources stand at one step, the newest, and agree.</summary>
    [Fact]
    public void Sources_always_agree() =>
        Gen.Select(Gen.Int[0, 3], Gen.Long[5, 7], Gen.Int[2, 4]).Array[1, 9].Sample(replicas =>
        {
            ReplicaState[] states = [.. replicas.Select((r, index) => Replica("a", index, r.Item2, $"{r.Item2} {r.Item1 / 3}", r.Item3))];
            ReplicaState[] known = [.. states.Where(s => s.Generation >= 3)];
            try
            {
                IReadOnlyList<ReplicaState> sources = Survey.Of([new HaltReport(states, [])], generation: 3).Newest();
                Assert.Equal(known.Length == 0, sources.Count == 0);
                Assert.All(sources, s => Assert.Equal((known.Max(k => k.Steps), sources[0].Digest), (s.Steps, s.Digest)));
            }
            catch (RunFailedException)
            {
                long newest = known.Max(k => k.Steps);
                Assert.True(known.Where(k => k.Steps == newest).Select(k => k.Digest).Distinct().Count() > 1);
            }
        });

    private static ReplicaState Replica(string silo, int ultraServer, long steps, string digest, int generation = 3) =>
        new(silo, ultraServer, generation, steps, $"{digest}-of-a-replica");

    private static StepCommit Commit(long step) => new(step, new CommitReport(0, 1, 1, 1));
}
