namespace TrnOrleans.Hardware.Machines;

/// <summary>Number formats that a chip's tensor engine has a rate for.</summary>
public enum ComputeFormat
{
    /// <summary>IEEE binary32.</summary>
    Fp32,

    /// <summary>Binary32 with ten bits of fraction.</summary>
    Tf32,

    /// <summary>bfloat16.</summary>
    Bf16,

    /// <summary>IEEE binary16.</summary>
    Fp16,

    /// <summary>Eight bits; on Trainium3 MXFP8.</summary>
    Fp8,

    /// <summary>Four bits; on Trainium3 MXFP4.</summary>
    Fp4,
}
