/* FP32 sum all-reduce with MPI, in place: allreduce_mpi BYTES; prints microseconds of one, on the slowest process. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    int rank, world;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &world);
    long bytes = atol(argv[1]), count = bytes / 4;
    float *values = calloc(count, sizeof(float));
    for (long i = 0; i < count; i++)
        values[i] = rank + 1;
    MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    if (values[count - 1] != world * (world + 1) / 2)
        MPI_Abort(MPI_COMM_WORLD, 1);
    for (long i = 0; i < count; i++)
        values[i] = 0;
    MPI_Barrier(MPI_COMM_WORLD);
    double start = MPI_Wtime();
    for (int i = 0; i < 3; i++)
        MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    int turns = 3.0 / (MPI_Wtime() - start);
    turns = turns < 4 ? 4 : turns > 20000 ? 20000 : turns;
    MPI_Allreduce(MPI_IN_PLACE, &turns, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    MPI_Barrier(MPI_COMM_WORLD);
    start = MPI_Wtime();
    for (int i = 0; i < turns; i++)
        MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    double taken = (MPI_Wtime() - start) / turns * 1e6;
    MPI_Allreduce(MPI_IN_PLACE, &taken, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%f\n", taken);
    MPI_Finalize();
    return 0;
}
