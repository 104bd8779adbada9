namespace TrnOrleans.Hardware.Validation;

/// <summary>A published time, and what the model says.</summary>
/// <param name="Label">Which.</param>
/// <param name="Seconds">As published; where several were, their mean.</param>
/// <param name="IsCalibration">Whether the efficiencies were fitted to it.</param>
/// <param name="Modelled">Seconds of the model with a catalogue.</param>
public sealed record Measurement(string Label, double Seconds, bool IsCalibration, Func<Machines.Catalogue, double> Modelled);

/// <summary>A measurement, and how far the model is off.</summary>
/// <param name="Measured">What was published.</param>
/// <param name="Modelled">Seconds.</param>
public sealed record Deviation(Measurement Measured, double Modelled)
{
    /// <summary>Modelled ÷ measured − 1.</summary>
    public double Error => (Modelled / Measured.Seconds) - 1;
}
