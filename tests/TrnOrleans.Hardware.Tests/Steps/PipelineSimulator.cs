namespace TrnOrleans.Hardware.Tests.Steps;

/// <summary>One forward, one backward, event by event: stages that are alike, messages that take no time.</summary>
internal static class PipelineSimulator
{
    /// <summary>Seconds of a step.</summary>
    internal static double Seconds(int stages, int micro, double forward, double backward)
    {
        double[,] forwardDone = new double[stages, micro];
        double[,] backwardDone = new double[stages, micro];
        Queue<(bool IsForward, int Micro)>[] orders = [.. Enumerable.Range(0, stages).Select(stage => new Queue<(bool, int)>(Order(stage, stages, micro)))];
        double[] free = new double[stages];
        HashSet<(bool, int, int)> done = [];
        int left = 2 * stages * micro;
        while (left > 0)
        {
            for (int stage = 0; stage < stages; stage++)
            {
                while (orders[stage].Count > 0)
                {
                    (bool isForward, int m) = orders[stage].Peek();
                    bool first = isForward ? stage == 0 : stage == stages - 1;
                    (bool, int, int) needed = isForward ? (true, stage - 1, m) : first ? (true, stage, m) : (false, stage + 1, m);
                    if (!(isForward && first) && !done.Contains(needed))
                    {
                        break;
                    }

                    double ready = isForward && first ? 0 : needed.Item1 ? forwardDone[needed.Item2, m] : backwardDone[needed.Item2, m];
                    free[stage] = Math.Max(free[stage], ready) + (isForward ? forward : backward);
                    (isForward ? forwardDone : backwardDone)[stage, m] = free[stage];
                    done.Add((isForward, stage, m));
                    orders[stage].Dequeue();
                    left--;
                }
            }
        }

        return free.Max();
    }

    private static IEnumerable<(bool, int)> Order(int stage, int stages, int micro)
    {
        int warm = Math.Min(micro, stages - stage - 1);
        for (int m = 0; m < warm; m++)
        {
            yield return (true, m);
        }

        for (int m = 0; m < micro; m++)
        {
            if (warm + m < micro)
            {
                yield return (true, warm + m);
            }

            yield return (false, m);
        }
    }
}
