package dev.slipway.client;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.slipway.client.RunCallQueue.RunCall;
import dev.slipway.client.SpillRecord.Kind;
import dev.slipway.client.SpillScanner.Damage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Is what stands in the files of one run's writer that is gone.
 *
 * @param files the files in order
 * @param calls the calls that have had no answer, in order
 * @param stretches the batches, in stretches of numbers without a gap, in order; a gap is where
 *     damage was
 * @param damages what could not be read
 */
record SpillContents(
    List<Path> files, List<RunCall> calls, List<Stretch> stretches, List<Damage> damages) {

  /** Is a stretch of batches with all numbers from the first to the last. */
  record Stretch(long first, long last) {}

  /** Reads the files of a session, and keeps of batches the numbers alone. */
  static SpillContents read(Path session) throws IOException {
    Reader reader = new Reader();
    List<Path> files = SpillFolder.segments(session);
    for (Path file : files) {
      reader.read(file);
    }
    return new SpillContents(
        files, List.copyOf(reader.calls.values()), reader.stretches, reader.damages);
  }

  private static final class Reader {
    private final TreeMap<Long, RunCall> calls = new TreeMap<>();
    private final List<Stretch> stretches = new ArrayList<>();
    private final List<Damage> damages = new ArrayList<>();

    void read(Path file) throws IOException {
      try (SpillScanner scanner = SpillScanner.open(file, damages::add)) {
        Optional<SpillRecord> record = scanner.next();
        while (record.isPresent()) {
          take(record.get());
          record = scanner.next();
        }
      }
    }

    private void take(SpillRecord record) throws InvalidProtocolBufferException {
      long number = record.number();
      switch (record.kind()) {
        case METRICS -> takeBatch(number);
        case ANSWERED -> calls.remove(number);
        case CREATE_RUN, LOG_BATCH, UPDATE_RUN ->
            calls.put(number, new RunCall(number, record.kind(), record.call(), 0));
      }
    }

    private void takeBatch(long number) {
      int top = stretches.size() - 1;
      if (top < 0 || number > stretches.get(top).last() + 1) {
        stretches.add(new Stretch(number, number));
      } else if (number == stretches.get(top).last() + 1) {
        stretches.set(top, new Stretch(stretches.get(top).first(), number));
      }
    }
  }

  /** Returns the calls that come before the batches, or the one that comes after. */
  List<RunCall> calls(boolean end) {
    return calls.stream().filter(call -> (call.kind() == Kind.UPDATE_RUN) == end).toList();
  }
}
