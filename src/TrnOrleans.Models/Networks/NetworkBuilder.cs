using TrnOrleans.Models.Operations;
using TrnOrleans.Models.Weights;

namespace TrnOrleans.Models.Networks;

/// <summary>Collects tensors, parameters, operations and file names while an architecture is laid out, in forward order.</summary>
internal sealed class NetworkBuilder
{
    internal List<Tensor> Tensors { get; } = [];

    internal List<Operation> Operations { get; } = [];

    internal List<TensorBinding> Bindings { get; } = [];

    internal ParameterLayout Layout { get; } = new();

    /// <summary>
    /// Number of the next dropout, which is part of the key of its randomness: its place among the operations, where an activation counts
    /// whether it is one or part of a product.
    /// </summary>
    internal ushort NextDropout => (ushort)(Operations.Count + Operations.OfType<LinearOperation>().Count(o => o.Activation is not null));

    internal Tensor Tensor(string name, int width)
    {
        Tensor tensor = new(Tensors.Count, name, width);
        Tensors.Add(tensor);
        return tensor;
    }

    /// <summary>A matrix stored out × in, as it lies in the file.</summary>
    internal Parameter Matrix(string name, int rows, int columns, double deviation, string fileName, bool transposedInFile = false)
    {
        Parameter parameter = Layout.Matrix(name, rows, columns, deviation);
        Bindings.Add(TensorBinding.Matrix(fileName, parameter, 0, rows, transposedInFile));
        return parameter;
    }

    /// <summary>A matrix whose rows are several tensors of the file, one after another.</summary>
    internal Parameter Stacked(string name, int columns, double deviation, params (string FileName, int Rows)[] parts)
    {
        Parameter parameter = Layout.Matrix(name, parts.Sum(p => p.Rows), columns, deviation);
        int first = 0;
        foreach ((string fileName, int rows) in parts)
        {
            Bindings.Add(TensorBinding.Matrix(fileName, parameter, first, rows, transposed: false));
            first += rows;
        }

        return parameter;
    }

    internal Parameter Vector(string name, int length, string fileName, float mean = 0)
    {
        Parameter parameter = Layout.Vector(name, length, mean);
        Bindings.Add(TensorBinding.Vector(fileName, parameter));
        return parameter;
    }

    internal Tensor Add(Operation operation)
    {
        Operations.Add(operation);
        return operation.Output;
    }

    /// <summary>y = x · Wᵀ (+ bias) (+ residual), with dropout on the branch when asked for.</summary>
    internal Tensor Linear(string name, Tensor input, Parameter weight, Parameter? bias, Tensor? residual = null, float dropout = 0, FusedActivation? inputActivation = null)
    {
        Tensor output = Tensor(name, weight.Rows);
        if (residual is null || dropout == 0)
        {
            return Add(new LinearOperation(name, input, output, weight, bias, residual, inputActivation: inputActivation));
        }

        Add(new LinearOperation(name, input, output, weight, bias, residual: null, inputActivation: inputActivation));
        return Add(new DropoutAddOperation(name + ".dropout", output, residual, Tensor(name + ".sum", weight.Rows), dropout, NextDropout));
    }
}
