package dev.slipway.engine.predictor.tensorflow;

import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.ndarray.NdArray;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TString;

/** Copies tensors into TensorFlow's memory and out of it. */
final class NativeTensors {

  private NativeTensors() {}

  /** Returns a copy, which the caller closes. */
  static org.tensorflow.Tensor copyIn(Tensor tensor) {
    var shape = org.tensorflow.ndarray.Shape.of(tensor.shape().toArray());
    if (tensor.datatype() == DataType.BYTES) {
      return TString.tensorOfBytes(shape, DataBuffers.ofObjects(tensor.toBytes()));
    }
    return org.tensorflow.Tensor.of(
        TensorflowTypes.type(tensor.datatype()), shape, DataBuffers.of(bytes(tensor)));
  }

  private static ByteBuffer bytes(Tensor tensor) {
    if (tensor.datatype() != DataType.BOOL) {
      return tensor.data();
    }
    // TensorFlow counts on 0 and 1.
    ByteBuffer bits = ByteBuffer.allocate(tensor.sizeBytes());
    for (ByteBuffer source = tensor.data(); source.hasRemaining(); ) {
      bits.put((byte) (source.get() == 0 ? 0 : 1));
    }
    return bits.flip();
  }

  /** Returns a copy on the heap. */
  static Tensor copyOut(org.tensorflow.Tensor tensor, TensorMetadata output) {
    Shape shape = Shape.of(tensor.shape().asArray());
    if (output.datatype() == DataType.BYTES) {
      List<byte[]> values = new ArrayList<>();
      for (NdArray<byte[]> value : ((TString) tensor).asBytes().scalars()) {
        values.add(value.getObject());
      }
      return Tensor.ofBytes(output.name(), shape, values.toArray(byte[][]::new));
    }
    byte[] copy = new byte[Math.toIntExact(tensor.numBytes())];
    tensor.asRawTensor().data().read(copy);
    return Tensor.of(output.name(), output.datatype(), shape, ByteBuffer.wrap(copy));
  }
}
