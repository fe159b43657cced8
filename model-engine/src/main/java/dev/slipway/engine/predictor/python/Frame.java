package dev.slipway.engine.predictor.python;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.slipway.engine.tensor.Tensor;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * One message between server and worker; {@code worker.py} describes the form.
 *
 * @param kind one of the constants here
 * @param header what it says
 * @param data the tensors that the header names
 */
record Frame(char kind, JsonNode header, ByteBuffer data) {

  static final char START = 'S';
  static final char READY = 'R';
  static final char PREDICT = 'P';
  static final char ANSWER = 'A';
  static final char ERROR = 'E';

  /** The most bytes of data that a worker may send. */
  static final int MAX_DATA_BYTES = 256 << 20;

  private static final int MAX_HEADER_BYTES = 4 << 20;
  private static final int HEAD_BYTES = 1 + Integer.BYTES + Long.BYTES;
  private static final int CHUNK_BYTES = 64 << 10;

  /** Python's JSON knows NaN and infinities as bare words. */
  static final JsonMapper JSON =
      JsonMapper.builder().disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS).build();

  /** What was read is no frame. */
  static final class GarbledException extends IOException {
    private static final long serialVersionUID = 1L;

    GarbledException(String message) {
      super(message);
    }
  }

  /** Writes a frame and flushes it. */
  static void write(OutputStream out, char kind, JsonNode header, List<Tensor> tensors)
      throws IOException {
    byte[] text = bytes(header);
    long size = tensors.stream().mapToLong(tensor -> padded(tensor.sizeBytes())).sum();
    ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    head.put((byte) kind).putInt(text.length).putLong(size);
    out.write(head.array());
    out.write(text);
    byte[] chunk = new byte[(int) Math.min(CHUNK_BYTES, size)];
    for (Tensor tensor : tensors) {
      ByteBuffer data = tensor.data();
      int padding = (int) (padded(data.remaining()) - data.remaining());
      while (data.hasRemaining()) {
        int length = Math.min(chunk.length, data.remaining());
        data.get(chunk, 0, length);
        out.write(chunk, 0, length);
      }
      out.write(new byte[padding]);
    }
    out.flush();
  }

  private static byte[] bytes(JsonNode header) {
    try {
      return JSON.writeValueAsBytes(header);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads a frame.
   *
   * @throws GarbledException if what the other side sent is no frame
   * @throws IOException if it is gone
   */
  static Frame read(InputStream in) throws IOException {
    DataInputStream source = new DataInputStream(in);
    byte[] head = new byte[HEAD_BYTES];
    source.readFully(head);
    ByteBuffer sizes = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
    char kind = (char) sizes.get();
    int headerBytes = sizes.getInt();
    long dataBytes = sizes.getLong();
    if (headerBytes < 0
        || headerBytes > MAX_HEADER_BYTES
        || dataBytes < 0
        || dataBytes > MAX_DATA_BYTES) {
      throw new GarbledException("a frame of " + headerBytes + " and " + dataBytes + " bytes");
    }
    byte[] header = new byte[headerBytes];
    source.readFully(header);
    byte[] data = new byte[(int) dataBytes];
    source.readFully(data);
    try {
      return new Frame(kind, JSON.readTree(header), ByteBuffer.wrap(data));
    } catch (JsonProcessingException e) {
      throw new GarbledException("a header that is no JSON");
    }
  }

  /** Returns a size rounded up to where the next tensor begins. */
  static long padded(long size) {
    return (size + 7) & ~7L;
  }
}
