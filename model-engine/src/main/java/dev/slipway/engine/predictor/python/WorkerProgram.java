package dev.slipway.engine.predictor.python;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * The program that a worker runs. It travels over the worker's standard input, so that no file has
 * to be kept for restarts.
 */
final class WorkerProgram {

  /**
   * Reads the program's length and text, and runs it. Before anything is imported, the working
   * folder, which {@code -c} puts in front of the modules of Python itself, is taken out.
   */
  private static final String BOOTSTRAP =
      """
      import sys
      sys.path[:] = [folder for folder in sys.path if folder]
      import os, struct
      def read(size):
          content = b""
          while len(content) < size:
              part = os.read(0, size - len(content))
              if not part:
                  os._exit(0)
              content += part
          return content
      text = read(struct.unpack("<I", read(4))[0])
      names = {"__name__": "slipway_worker", "__file__": "slipway_worker.py"}
      exec(compile(text, names["__file__"], "exec"), names)
      """;

  private static final byte[] TEXT = load();

  private WorkerProgram() {}

  private static byte[] load() {
    try (InputStream in = WorkerProgram.class.getResourceAsStream("worker.py")) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<String> command(String interpreter) {
    return List.of(interpreter, "-u", "-c", BOOTSTRAP);
  }

  static void writeTo(OutputStream out) throws IOException {
    out.write(
        ByteBuffer.allocate(Integer.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(TEXT.length)
            .array());
    out.write(TEXT);
    out.flush();
  }
}
