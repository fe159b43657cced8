package dev.slipway.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.UpdateRunRequest;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Is one record of a spill file.
 *
 * <p>On disk, in network byte order: a marker of 4 bytes, by which reading finds its way again
 * after damage; the length of what follows the checksum, 4 bytes; CRC-32C of that length and of
 * what follows, 4 bytes; the kind, 1 byte; the number, 8 bytes; the body, a message of the
 * contract.
 *
 * @param kind what the body is
 * @param number that of the batch or of the call
 * @param body bytes of the message
 */
record SpillRecord(Kind kind, long number, ByteString body) {
  static final int MARKER = 0x534C5752;
  static final int HEADER_BYTES = 12;
  static final int MAX_LENGTH = 32 << 20;
  private static final int FIXED_BYTES = 9;

  /** Says what the body of a record is. The codes are the format and never change. */
  enum Kind {
    /** {@code CreateRunRequest}. */
    CREATE_RUN(1),
    /** {@code LogBatchRequest} of params or tags. */
    LOG_BATCH(2),
    /** {@code UpdateRunRequest}: the end of the run. */
    UPDATE_RUN(3),
    /** {@code MetricBatch}; the number is its sequence number. */
    METRICS(4),
    /** Empty: the call of that number has had its answer and must not be made again. */
    ANSWERED(5);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    static Kind of(int code) {
      for (Kind kind : values()) {
        if (kind.code == code) {
          return kind;
        }
      }
      throw new IllegalArgumentException("no such kind of record: " + code);
    }
  }

  static SpillRecord of(Kind kind, long number, MessageLite message) {
    return new SpillRecord(kind, number, message.toByteString());
  }

  static SpillRecord answered(long number) {
    return new SpillRecord(Kind.ANSWERED, number, ByteString.EMPTY);
  }

  /** Returns the body of {@link Kind#METRICS}. */
  MetricBatch batch() throws InvalidProtocolBufferException {
    return MetricBatch.parseFrom(body);
  }

  /** Returns the body of a call. */
  MessageLite call() throws InvalidProtocolBufferException {
    return switch (kind) {
      case CREATE_RUN -> CreateRunRequest.parseFrom(body);
      case LOG_BATCH -> LogBatchRequest.parseFrom(body);
      case UPDATE_RUN -> UpdateRunRequest.parseFrom(body);
      case METRICS, ANSWERED -> throw new IllegalStateException(kind + " is no call");
    };
  }

  int sizeBytes() {
    return HEADER_BYTES + FIXED_BYTES + body.size();
  }

  /** Returns the record as it stands in a file. */
  ByteBuffer encode() {
    ByteBuffer bytes = ByteBuffer.allocate(sizeBytes());
    bytes.putInt(MARKER).putInt(FIXED_BYTES + body.size()).putInt(0);
    bytes.put((byte) kind.code).putLong(number);
    body.copyTo(bytes);
    bytes.putInt(HEADER_BYTES - Integer.BYTES, checksum(bytes));
    return bytes.flip();
  }

  /** Returns the length that a header of 12 bytes tells; negative when it cannot be one. */
  static int lengthIn(ByteBuffer header) {
    int length = header.getInt(Integer.BYTES);
    boolean sound = header.getInt(0) == MARKER && length >= FIXED_BYTES && length <= MAX_LENGTH;
    return sound ? length : -1;
  }

  /**
   * Returns the record that fills a buffer.
   *
   * @throws IllegalArgumentException if the checksum is another, or the kind is none
   */
  static SpillRecord decode(ByteBuffer bytes) {
    if (bytes.getInt(HEADER_BYTES - Integer.BYTES) != checksum(bytes)) {
      throw new IllegalArgumentException("the checksum is another");
    }
    Kind kind = Kind.of(bytes.get(HEADER_BYTES));
    long number = bytes.getLong(HEADER_BYTES + 1);
    ByteBuffer body = bytes.duplicate().position(HEADER_BYTES + FIXED_BYTES);
    return new SpillRecord(kind, number, ByteString.copyFrom(body));
  }

  private static int checksum(ByteBuffer record) {
    CRC32C crc = new CRC32C();
    crc.update(record.duplicate().position(Integer.BYTES).limit(2 * Integer.BYTES));
    ByteBuffer payload = record.duplicate().position(HEADER_BYTES);
    crc.update(payload.limit(HEADER_BYTES + record.getInt(Integer.BYTES)));
    return (int) crc.getValue();
  }
}
