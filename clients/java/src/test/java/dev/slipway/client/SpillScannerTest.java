package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.slipway.client.SpillRecord.Kind;
import dev.slipway.client.SpillScanner.Damage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpillScannerTest {
  private static final int RECORDS = 20;

  @TempDir private Path folder;
  private Path file;
  private byte[] whole;
  private final List<SpillRecord> written = new ArrayList<>();
  // Where each record begins, and the end.
  private final List<Integer> offsets = new ArrayList<>(List.of(0));
  private final List<Damage> damages = new ArrayList<>();

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("00000001.spill");
    Random random = new Random(1);
    try (SpillSegment segment = SpillSegment.create(file)) {
      for (int i = 1; i <= RECORDS; i++) {
        byte[] body = new byte[random.nextInt(60)];
        random.nextBytes(body);
        SpillRecord record = new SpillRecord(Kind.METRICS, i, ByteString.copyFrom(body));
        segment.append(record);
        written.add(record);
        offsets.add((int) segment.sizeBytes());
      }
    }
    whole = Files.readAllBytes(file);
  }

  private List<SpillRecord> scan(byte[] bytes) throws IOException {
    // Anew: a file that is cut and written again some file systems bring to disk at once.
    Files.delete(file);
    Files.write(file, bytes);
    damages.clear();
    List<SpillRecord> read = new ArrayList<>();
    try (SpillScanner scanner = SpillScanner.open(file, damages::add)) {
      for (Optional<SpillRecord> record = scanner.next();
          record.isPresent();
          record = scanner.next()) {
        read.add(record.get());
      }
    }
    return read;
  }

  private int recordAt(int offset) {
    int record = 0;
    while (offsets.get(record + 1) <= offset) {
      record++;
    }
    return record;
  }

  @Test
  void next_whatWasAppended_isReadBack() throws IOException {
    assertThat(scan(whole)).isEqualTo(written);
    assertThat(damages).isEmpty();
  }

  @Test
  void next_fileCutAnywhere_yieldsTheRecordsBeforeAndTellsATornTail() throws IOException {
    for (int length = 0; length < whole.length; length++) {
      int records = recordAt(length);

      assertThat(scan(Arrays.copyOf(whole, length))).isEqualTo(written.subList(0, records));

      int tail = length - offsets.get(records);
      if (tail == 0) {
        assertThat(damages).isEmpty();
      } else {
        assertThat(damages).containsExactly(new Damage(file, offsets.get(records), tail, true));
      }
    }
  }

  @Test
  void next_anyBitFlipped_losesThatRecordAloneAndTellsWhere() throws IOException {
    // All records but the last: a length flipped there looks like a record begun.
    for (int offset = 0; offset < offsets.get(RECORDS - 1); offset++) {
      byte[] flipped = whole.clone();
      flipped[offset] ^= (byte) (1 << (offset % 8));
      int hit = recordAt(offset);
      List<SpillRecord> others = new ArrayList<>(written);
      others.remove(hit);

      assertThat(scan(flipped)).as("offset %d", offset).isEqualTo(others);

      int length = offsets.get(hit + 1) - offsets.get(hit);
      assertThat(damages).containsExactly(new Damage(file, offsets.get(hit), length, false));
    }
  }

  @Test
  void next_bodyOfTheLastRecordFlipped_isDamageAndNoTornTail() throws IOException {
    byte[] flipped = whole.clone();
    flipped[whole.length - 1] ^= 1;

    assertThat(scan(flipped)).isEqualTo(written.subList(0, RECORDS - 1));
    assertThat(damages).singleElement().matches(damage -> !damage.torn());
  }

  @Test
  void next_blocksThatWereNeverWritten_areATornTail() throws IOException {
    assertThat(scan(Arrays.copyOf(whole, whole.length + 5_000))).isEqualTo(written);
    assertThat(damages).containsExactly(new Damage(file, whole.length, 5_000, true));
  }
}
