package dev.slipway.client;

import dev.slipway.client.RunCallQueue.RunCall;
import dev.slipway.client.SpillContents.Stretch;
import dev.slipway.client.SpillFolder.Owner;
import dev.slipway.client.SpillScanner.Damage;
import dev.slipway.client.SyncedRun.Outcome;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceStub;
import io.grpc.Channel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;

/**
 * Sends what the files of one run's writer hold: its calls, its batches, then the end of the run.
 * The caller has the lock. For one thread.
 *
 * <p>Batches go under the writer's own id and their own numbers, so that those which the service
 * has already are not stored again. After a gap, which damage has left, the service takes no more
 * of that writer: what follows goes under the writer id {@code ID.N}, where N is the first number
 * after the gap, so that this can be repeated as well.
 */
final class SpillReplay {
  private static final Duration FIRST_BACKOFF = Duration.ofMillis(100);
  private static final Duration MAX_BACKOFF = Duration.ofSeconds(2);

  private final Channel channel;
  private final TrackingServiceStub stub;
  private final Owner owner;
  private final Path session;
  private final Duration patience;
  private final Wakeup wakeup = new Wakeup();
  private final List<String> problems = new ArrayList<>();
  private final List<Long> answered = new ArrayList<>();
  private boolean reached = true;
  private boolean created = true;
  private long sentPoints;

  SpillReplay(Channel channel, Owner owner, Path session, Duration patience) {
    this.channel = channel;
    this.stub = TrackingServiceGrpc.newStub(channel);
    this.owner = owner;
    this.session = session;
    this.patience = patience;
  }

  /** Sends everything; empty when there was nothing. */
  Optional<SyncedRun> run() throws IOException, InterruptedException {
    SpillContents contents = SpillContents.read(session);
    if (contents.files().isEmpty()) {
      SpillFolder.removeEmpty(session);
      return Optional.empty();
    }
    sendCalls(contents.calls(false));
    for (Stretch stretch : contents.stretches()) {
      if (reached && created) {
        send(stretch, contents.files());
      }
    }
    if (reached && created) {
      sendCalls(contents.calls(true));
    }
    contents.damages().stream().filter(damage -> !damage.torn()).forEach(this::note);
    Outcome outcome = problems.isEmpty() ? Outcome.SENT : Outcome.KEPT;
    if (outcome == Outcome.SENT) {
      delete(contents.files());
    } else {
      keepAnswers(contents.files());
    }
    return Optional.of(
        new SyncedRun(owner.runId(), session, outcome, sentPoints, answered.size(), problems));
  }

  /** Tells whether the service has answered in time. */
  boolean reached() {
    return reached;
  }

  private void note(Damage damage) {
    problems.add(
        String.format(
            "%d bytes at offset %d of %s are damaged; what follows them is not",
            damage.bytes(), damage.offset(), damage.file().getFileName()));
  }

  private void sendCalls(List<RunCall> calls) throws InterruptedException {
    RunCallQueue queue = new RunCallQueue(wakeup);
    calls.forEach(queue::restore);
    RunCallLane lane =
        new RunCallLane(
            stub,
            queue,
            new CallOutcomes(),
            new ReconnectPolicy(channel, FIRST_BACKOFF, MAX_BACKOFF),
            wakeup,
            true);
    drive(
        now -> lane.step(now, true),
        () -> queue.size() == 0 || lane.refusal().isPresent(),
        queue::size);
    created &= lane.refusal().isEmpty();
  }

  private void send(Stretch stretch, List<Path> files) throws IOException, InterruptedException {
    boolean cutOff;
    try (StretchSource source = new StretchSource(files, stretch, false)) {
      send(owner.writerId(), source);
      cutOff = source.isCutOff();
    }
    if (cutOff) {
      try (StretchSource source = new StretchSource(files, stretch, true)) {
        send(owner.writerId() + "." + stretch.first(), source);
      }
    }
  }

  private void send(String writerId, StretchSource source) throws InterruptedException {
    MetricLane lane =
        new MetricLane(
            stub,
            owner.runId(),
            writerId,
            OptionalLong.empty(),
            source,
            new ReconnectPolicy(channel, FIRST_BACKOFF, MAX_BACKOFF),
            wakeup);
    drive(
        lane::step,
        () -> source.isDone() || source.isCutOff() || lane.refusal().isPresent(),
        source::acknowledgedPoints);
    lane.refusal().ifPresent(reason -> problems.add(reason.getMessage()));
    sentPoints += source.acknowledgedPoints();
    if (source.isDone()) {
      lane.complete();
    } else {
      lane.close("not all is there");
    }
  }

  /** Steps until it is done, or nothing has changed for too long. */
  private void drive(LongUnaryOperator step, BooleanSupplier done, LongSupplier progress)
      throws InterruptedException {
    long now = System.nanoTime();
    long before = progress.getAsLong();
    long giveUp = now + patience.toNanos();
    long wait = done.getAsBoolean() ? 0 : step.applyAsLong(now);
    while (!done.getAsBoolean()) {
      wakeup.await(Math.min(wait, giveUp - now));
      now = System.nanoTime();
      wait = step.applyAsLong(now);
      long after = progress.getAsLong();
      if (after != before) {
        before = after;
        giveUp = now + patience.toNanos();
      }
      if (now >= giveUp && !done.getAsBoolean()) {
        reached = false;
        problems.add("the service does not answer");
        return;
      }
    }
  }

  private void delete(List<Path> files) throws IOException {
    for (Path file : files) {
      Files.delete(file);
    }
    SpillFolder.removeEmpty(session);
  }

  /** What has been answered must not be done again: a tag may have another value by then. */
  private void keepAnswers(List<Path> files) throws IOException {
    if (answered.isEmpty()) {
      return;
    }
    long number = 1 + SpillFolder.number(files.get(files.size() - 1));
    try (SpillSegment segment = SpillSegment.create(SpillFolder.segment(session, number))) {
      for (long call : answered) {
        segment.append(SpillRecord.answered(call));
      }
      segment.force();
    }
  }

  private final class CallOutcomes implements RunCallLane.Outcomes {
    @Override
    public void answered(RunCall call) {
      answered.add(call.number());
    }

    @Override
    public void refused(RunCall call, TrackingException reason) {
      problems.add(reason.getMessage());
    }
  }
}
