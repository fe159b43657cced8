package dev.slipway.cli.batch;

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.FilterInputStream;
import java.io.FilterReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads a file of UTF-8 whose rows are bounded: a quote that is never closed must not take all of
 * it into memory. Not thread-safe.
 */
final class TextFile extends FilterReader {
  /** Of one row. What is read ahead counts too. */
  private static final int MOST_CHARACTERS = 16 << 20;

  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private final CountingInput bytes;
  private final long length;
  private int sinceRow;

  private TextFile(CountingInput bytes, Reader reader, long length) {
    super(reader);
    this.bytes = bytes;
    this.length = length;
  }

  /** Counts what is read. No channel, which an interrupt would close. */
  private static final class CountingInput extends FilterInputStream {
    private long count;

    CountingInput(InputStream in) {
      super(in);
    }

    @Override
    public int read(byte[] buffer, int offset, int most) throws IOException {
      int read = super.read(buffer, offset, most);
      count += Math.max(0, read);
      return read;
    }
  }

  /** Opens a file; the mark with which Excel begins it is passed over. */
  static TextFile open(Path path) throws IOException {
    CountingInput bytes = new CountingInput(new FileInputStream(path.toFile()));
    try {
      Reader reader =
          new BufferedReader(
              new InputStreamReader(
                  bytes,
                  StandardCharsets.UTF_8
                      .newDecoder()
                      .onMalformedInput(CodingErrorAction.REPORT)
                      .onUnmappableCharacter(CodingErrorAction.REPORT)),
              1 << 16);
      reader.mark(1);
      if (reader.read() != BYTE_ORDER_MARK) {
        reader.reset();
      }
      return new TextFile(bytes, reader, Files.size(path));
    } catch (IOException | RuntimeException e) {
      bytes.close();
      throw e;
    }
  }

  /** Takes note that a row was read. */
  void endOfRow() {
    sinceRow = 0;
  }

  @Override
  public int read() throws IOException {
    char[] one = new char[1];
    return read(one, 0, 1) < 0 ? -1 : one[0];
  }

  @Override
  public int read(char[] buffer, int offset, int most) throws IOException {
    int count;
    try {
      count = super.read(buffer, offset, most);
    } catch (CharacterCodingException e) {
      throw new IOException("the text is not UTF-8", e);
    }
    sinceRow += Math.max(0, count);
    if (sinceRow > MOST_CHARACTERS) {
      throw new IOException("a row is longer than " + (MOST_CHARACTERS >> 20) + " Mi characters");
    }
    return count;
  }

  /** Returns how much of the file was read, 0 to 1. */
  double progress() {
    return length == 0 ? 1 : (double) bytes.count / length;
  }
}
