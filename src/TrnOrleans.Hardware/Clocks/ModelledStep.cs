namespace TrnOrleans.Hardware.Clocks;

/// <summary>What a step took on the modelled machine; its parts are means over the chips, and add up to the whole.</summary>
/// <param name="Begun">Seconds on the run's clock when it began.</param>
/// <param name="Seconds">Until the last chip was done.</param>
/// <param name="ComputeSeconds">Kernels and updates.</param>
/// <param name="CommunicationSeconds">Collectives that hide behind nothing.</param>
/// <param name="IdleSeconds">Chips that were waited for doing nothing, and those that waited.</param>
/// <param name="EnergyJoules">All chips.</param>
/// <param name="Mfu">Share of the chips' peak.</param>
public readonly record struct ModelledStep(
    double Begun, double Seconds, double ComputeSeconds, double CommunicationSeconds, double IdleSeconds, double EnergyJoules, double Mfu);
