namespace TrnOrleans.Hardware;

/// <summary>What the Neuron runtime says when work on a chip fails (nrt_status.h of the Neuron SDK; the numbers are part of its interface).</summary>
public enum NeuronStatus
{
    /// <summary>Done.</summary>
    Success = 0,

    /// <summary>NRT_RESOURCE: no memory, or another resource is used up.</summary>
    Resource = 4,

    /// <summary>NRT_TIMEOUT: no answer in time.</summary>
    Timeout = 5,

    /// <summary>NRT_HW_ERROR: the hardware failed.</summary>
    HardwareError = 6,

    /// <summary>NRT_QUEUE_FULL: too much is queued.</summary>
    QueueFull = 7,

    /// <summary>NRT_EXEC_UNIT_UNRECOVERABLE: the execution unit must be reset.</summary>
    ExecutionUnitUnrecoverable = 101,

    /// <summary>NRT_EXEC_BAD_INPUT: input that cannot be.</summary>
    BadInput = 1002,

    /// <summary>NRT_EXEC_COMPLETED_WITH_NUM_ERR: done, with NaN among the results.</summary>
    CompletedWithNumericalError = 1003,

    /// <summary>NRT_EXEC_COMPLETED_WITH_ERR: done, with errors.</summary>
    CompletedWithError = 1004,

    /// <summary>NRT_EXEC_NC_BUSY: the core is taken.</summary>
    CoreBusy = 1005,

    /// <summary>NRT_EXEC_OOB: an access out of bounds.</summary>
    OutOfBounds = 1006,

    /// <summary>NRT_EXEC_HW_ERR_COLLECTIVES: the fabric failed under a collective.</summary>
    CollectivesHardwareError = 1200,

    /// <summary>NRT_EXEC_HW_ERR_HBM_UE: memory with an error that cannot be corrected.</summary>
    HbmUncorrectable = 1201,

    /// <summary>NRT_EXEC_HW_ERR_NC_UE: the same in the core's own memory.</summary>
    CoreUncorrectable = 1202,

    /// <summary>NRT_EXEC_HW_ERR_DMA_ABORT: a transfer was broken off.</summary>
    DmaAbort = 1203,

    /// <summary>NRT_EXEC_HW_ERR_REPAIRABLE_HBM_UE: memory that a reset repairs.</summary>
    RepairableHbmUncorrectable = 1205,

    /// <summary>NRT_NETWORK_PROXY_FAILURE: the way to other hosts failed.</summary>
    NetworkProxyFailure = 1206,
}
