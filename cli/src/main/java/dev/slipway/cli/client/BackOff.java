package dev.slipway.cli.client;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Waits before what a server could not do is asked of it again: twice as long each time, up to ten
 * seconds, and not longer than allowed without an answer in between. Of one thread.
 */
public final class BackOff {
  private static final Set<Status.Code> PASSING =
      Set.of(Status.Code.UNAVAILABLE, Status.Code.RESOURCE_EXHAUSTED);

  /** In what gRPC says of a message beyond the limit, as RESOURCE_EXHAUSTED: it stays as large. */
  private static final String TOO_LARGE = "gRPC message exceeds maximum size";

  private static final long FIRST_MILLIS = 100;
  private static final long LONGEST_MILLIS = 10_000;

  /** By then it has waited for some two seconds. */
  private static final int TOLD_FAILURE = 5;

  private final Duration patience;
  private final Consumer<String> notice;
  private long failingSince;
  private int failures;

  /**
   * Creates it.
   *
   * @param patience the longest time between the first of several failures and the last
   * @param notice is told, once for several failures, what it waits for
   */
  public BackOff(Duration patience, Consumer<String> notice) {
    this.patience = patience;
    this.notice = notice;
  }

  /** Returns whether what failed may be asked again. */
  public static boolean passes(StatusRuntimeException failure) {
    String description = failure.getStatus().getDescription();
    return PASSING.contains(failure.getStatus().getCode())
        && (description == null || !description.contains(TOO_LARGE));
  }

  /**
   * Asks until there is an answer.
   *
   * @throws StatusRuntimeException the failure, if it does not pass or has lasted for too long
   */
  public <T> T ask(Supplier<T> call) throws InterruptedException {
    while (true) {
      try {
        T answer = call.get();
        answered();
        return answer;
      } catch (StatusRuntimeException e) {
        pause(e);
      }
    }
  }

  /** Takes note that the server answers. */
  public void answered() {
    failures = 0;
  }

  /**
   * Waits after a failure, or several at once, which count as one.
   *
   * @throws StatusRuntimeException the failure, if it does not pass or has lasted for too long
   */
  public void pause(StatusRuntimeException failure) throws InterruptedException {
    long now = System.nanoTime();
    if (failures == 0) {
      failingSince = now;
    }
    if (!passes(failure) || now - failingSince >= patience.toNanos()) {
      throw failure;
    }
    long longest = Math.min(LONGEST_MILLIS, FIRST_MILLIS << Math.min(failures, 10));
    failures++;
    if (failures == TOLD_FAILURE) {
      notice.accept(
          "asking again for up to %d s: %s".formatted(patience.toSeconds(), failure.getMessage()));
    }
    // Those who were refused together must not come back together.
    TimeUnit.MILLISECONDS.sleep(ThreadLocalRandom.current().nextLong(longest / 2, longest + 1));
  }
}
