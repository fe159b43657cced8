package dev.slipway.tracking.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StreamRoomTest {
  private static final long BATCH = StreamRoom.FIRST_BYTES;

  private final List<StreamRoom> rooms = new ArrayList<>();
  private final List<Integer> letIn = new ArrayList<>();

  @AfterEach
  void close() {
    rooms.forEach(StreamRoom::close);
  }

  private StreamRoom room(long limitBytes, Duration patience) {
    StreamRoom room = new StreamRoom(limitBytes, patience);
    rooms.add(room);
    return room;
  }

  private StreamRoom patientRoom(long limitBytes) {
    return room(limitBytes, Duration.ofDays(1));
  }

  private List<StreamRoom.Reader> readers(StreamRoom room, int count) {
    List<StreamRoom.Reader> readers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int number = i;
      readers.add(room.reader(() -> letIn.add(number)));
    }
    return readers;
  }

  @Test
  void readersBeyondTheLimit_areLetInByTurnsAsOthersAreDecided() {
    StreamRoom room = patientRoom(2 * BATCH);
    List<StreamRoom.Reader> readers = readers(room, 5);
    assertThat(readers.stream().map(StreamRoom.Reader::mayRead))
        .containsExactly(true, true, false, false, false);
    assertThat(readers.get(0).mayRead()).as("asked again").isTrue();

    readers.get(1).received(BATCH);
    room.letInNext();
    assertThat(letIn).isEmpty();
    room.decided(BATCH);
    // Who asks again goes to the end of the line, though there is room just now.
    assertThat(readers.get(1).mayRead()).isFalse();
    room.letInNext();
    assertThat(letIn).containsExactly(2);

    readers.get(0).received(BATCH);
    readers.get(2).received(BATCH);
    assertThat(room.takenBytes()).isEqualTo(2 * BATCH);
    room.decided(BATCH);
    room.decided(BATCH);
    room.letInNext();
    assertThat(letIn).containsExactly(2, 3, 4);
    assertThat(room.takenBytes()).isZero();
  }

  @Test
  void whatIsExpected_isWhatTheStreamBroughtLastTime() {
    StreamRoom room = patientRoom(BATCH);
    List<StreamRoom.Reader> readers = readers(room, 10);
    for (StreamRoom.Reader reader : readers) {
      assertThat(reader.mayRead()).isTrue();
      reader.received(BATCH / 10);
      room.decided(BATCH / 10);
    }
    assertThat(readers).allMatch(StreamRoom.Reader::mayRead);
    assertThat(readers(room, 1).get(0).mayRead()).isFalse();
  }

  @Test
  void batchLargerThanTheRoom_isReadAlone() {
    StreamRoom room = patientRoom(BATCH / 3);
    List<StreamRoom.Reader> readers = readers(room, 2);
    assertThat(readers.stream().map(StreamRoom.Reader::mayRead)).containsExactly(true, false);
    readers.get(0).received(BATCH);
    room.letInNext();
    assertThat(letIn).isEmpty();
    room.decided(BATCH);
    room.letInNext();
    assertThat(letIn).containsExactly(1);
  }

  @Test
  void streamThatEnds_makesPlace() {
    StreamRoom room = patientRoom(BATCH);
    List<StreamRoom.Reader> readers = readers(room, 3);
    assertThat(readers.stream().map(StreamRoom.Reader::mayRead))
        .containsExactly(true, false, false);
    readers.get(1).leave();
    readers.get(0).leave();
    room.letInNext();
    assertThat(letIn).containsExactly(2);
  }

  @Test
  void silentStreams_areNotWaitedForByThoseInLine() throws Exception {
    StreamRoom room = room(2 * BATCH, Duration.ofMillis(1));
    List<StreamRoom.Reader> silent = readers(room, 2);
    assertThat(silent).allMatch(StreamRoom.Reader::mayRead);
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    StreamRoom.Reader waiting = room.reader(() -> done.complete(true));
    if (!waiting.mayRead()) {
      assertThat(done.get(30, TimeUnit.SECONDS)).isTrue();
    }
    silent.forEach(reader -> reader.received(BATCH));
    waiting.received(BATCH);
    assertThat(room.takenBytes()).isEqualTo(3 * BATCH);
    for (int i = 0; i < 3; i++) {
      room.decided(BATCH);
    }
    // What was given away is not given back a second time.
    StreamRoom.Reader next = room.reader(() -> {});
    assertThat(next.mayRead()).isTrue();
  }

  @Test
  void silentStreamsThatSendAtOnce_areRefusedBeyondTwiceTheRoom() {
    StreamRoom room = patientRoom(10 * BATCH);
    List<StreamRoom.Reader> silent = readers(room, 6);
    assertThat(silent).allMatch(StreamRoom.Reader::mayRead);
    for (StreamRoom.Reader reader : silent.subList(0, 4)) {
      reader.received(5 * BATCH);
    }
    assertThatThrownBy(() -> silent.get(4).received(1))
        .isInstanceOf(GroupCommitter.OverloadedException.class);
    assertThat(room.takenBytes()).isEqualTo(20 * BATCH);

    room.decided(5 * BATCH);
    silent.get(5).received(5 * BATCH);
    assertThat(room.takenBytes()).isEqualTo(20 * BATCH);
  }

  @Test
  void batchLargerThanTwiceTheRoom_isTakenAlone() {
    StreamRoom room = patientRoom(BATCH);
    List<StreamRoom.Reader> readers = readers(room, 2);
    readers.get(0).received(3 * BATCH);
    assertThatThrownBy(() -> readers.get(1).received(1))
        .isInstanceOf(GroupCommitter.OverloadedException.class);
  }

  @Test
  void readerThatFailsToListen_doesNotKeepThoseBehindItFromHearing() {
    StreamRoom room = patientRoom(2 * BATCH);
    room.reader(() -> {}).received(2 * BATCH);
    StreamRoom.Reader failing =
        room.reader(
            () -> {
              throw new IllegalStateException("the call is closed");
            });
    assertThat(failing.mayRead()).isFalse();
    assertThat(readers(room, 1)).noneMatch(StreamRoom.Reader::mayRead);

    room.decided(2 * BATCH);
    room.letInNext();
    assertThat(letIn).containsExactly(0);
  }

  @Test
  void readerThatFailsToListen_doesNotKeepOthersFromReading() throws Exception {
    StreamRoom room = room(BATCH, Duration.ofMillis(1));
    StreamRoom.Reader full = room.reader(() -> {});
    full.received(BATCH);
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    StreamRoom.Reader failing =
        room.reader(
            () -> {
              throw new IllegalStateException("the call is closed");
            });
    StreamRoom.Reader waiting = room.reader(() -> done.complete(true));
    assertThat(failing.mayRead()).isFalse();
    assertThat(waiting.mayRead()).isFalse();

    // Whose place the failing one took it leaves after two rounds, which the timer has to count.
    room.decided(BATCH);
    assertThat(done.get(30, TimeUnit.SECONDS)).isTrue();
  }
}
