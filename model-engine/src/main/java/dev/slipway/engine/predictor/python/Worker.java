package dev.slipway.engine.predictor.python;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.engine.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * One worker process. A single thread at a time talks to it; any thread may stop it, which ends
 * what the other waits for.
 */
final class Worker {

  /** How long the last words of a process that ended may take to arrive. */
  private static final long LAST_WORDS_MILLIS = 500;

  private static final int MAX_LAST_WORDS = 1_000;
  private static final int SIGNAL_BASE = 128;

  private final String name;
  private final Process process;
  private final OutputStream toWorker;
  private final InputStream fromWorker;
  private final WorkerLog output;
  private final Thread outputReader;

  @GuardedBy("this")
  private Optional<String> stopReason = Optional.empty();

  /** Number of the exchange that runs; even when none does. */
  @GuardedBy("this")
  private long exchange;

  /** The number when the memory was last looked at: who does nothing takes no more. */
  @GuardedBy("this")
  private long watchedExchange = -1;

  @GuardedBy("this")
  private long exchangeEndNanos;

  @GuardedBy("this")
  private Duration exchangeLimit = Duration.ZERO;

  /**
   * Takes over a process that was just started.
   *
   * @param name names it in the log and in messages
   */
  Worker(String name, Process process) {
    this.name = name;
    this.process = process;
    this.toWorker = process.getOutputStream();
    this.fromWorker = process.getInputStream();
    this.output = new WorkerLog(name + " (process " + process.pid() + ")");
    this.outputReader = output.follow(process.getErrorStream());
  }

  /** Sends the program, which every exchange needs. */
  void sendProgram() throws WorkerEndedException {
    try {
      WorkerProgram.writeTo(toWorker);
    } catch (IOException e) {
      throw gone();
    }
  }

  /**
   * Sends a frame and returns the answer.
   *
   * @param limit how long that may take before {@link #stopIfBeyondLimits} stops the process
   * @throws WorkerEndedException if it ended, or was stopped, before it answered
   */
  Frame exchange(char kind, JsonNode header, List<Tensor> tensors, Duration limit)
      throws WorkerEndedException {
    synchronized (this) {
      exchange++;
      exchangeLimit = limit;
      exchangeEndNanos = System.nanoTime() + limit.toNanos();
    }
    Frame answer;
    try {
      Frame.write(toWorker, kind, header, tensors);
      answer = Frame.read(fromWorker);
    } catch (Frame.GarbledException e) {
      stop("wrote what is no answer: " + e.getMessage());
      throw ended();
    } catch (IOException e) {
      throw gone();
    } catch (RuntimeException | Error e) {
      // Where the next frame begins is not known.
      stop("was given up: " + e);
      throw e;
    }
    synchronized (this) {
      exchange++;
      if (stopReason.isEmpty()) {
        return answer;
      }
    }
    throw ended();
  }

  /** Waits a moment for the end of a process that can be talked to no more, else ends it. */
  private WorkerEndedException gone() {
    try {
      if (!process.waitFor(LAST_WORDS_MILLIS, TimeUnit.MILLISECONDS)) {
        stop("closed its standard input or output");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      stop("was given up when the call was interrupted");
    }
    return ended();
  }

  private WorkerEndedException ended() {
    String how;
    try {
      how = awaitEnd();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      how = howItEnded();
    }
    return new WorkerEndedException(how, stopReason().isPresent());
  }

  /** Stops the process if what it does takes longer than it may, or it takes more memory. */
  void stopIfBeyondLimits(long maxBytes) {
    synchronized (this) {
      boolean busy = exchange % 2 == 1;
      if (busy && System.nanoTime() - exchangeEndNanos > 0) {
        stop("took longer than the " + exchangeLimit.toMillis() + " ms that it may");
        return;
      }
      if (!busy && exchange == watchedExchange) {
        return;
      }
      watchedExchange = exchange;
    }
    long bytes = residentBytes();
    if (bytes > maxBytes) {
      stop("took " + bytes + " bytes of memory; it may take " + maxBytes);
    }
  }

  /** Ends the process at once; the first reason is the one that is told. */
  synchronized void stop(String reason) {
    if (stopReason.isEmpty()) {
      stopReason = Optional.of(reason);
    }
    kill();
  }

  private void kill() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  /** Waits for the end of the process and returns how it ended. */
  String awaitEnd() throws InterruptedException {
    process.waitFor();
    outputReader.join(LAST_WORDS_MILLIS);
    return howItEnded();
  }

  /** Waits for the end of the process for so long. */
  void awaitEnd(Duration patience) throws InterruptedException {
    boolean unused = process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Returns the resident memory; 0 where the system does not tell. */
  long residentBytes() {
    return ProcessMemory.residentBytes(process.pid());
  }

  private synchronized Optional<String> stopReason() {
    return stopReason;
  }

  private String howItEnded() {
    Optional<String> reason = stopReason();
    if (reason.isPresent()) {
      return name + " " + reason.get();
    }
    String words = output.tail();
    String last =
        words.length() > MAX_LAST_WORDS
            ? "…" + words.substring(words.length() - MAX_LAST_WORDS)
            : words;
    return name + " " + status() + (last.isBlank() ? "" : "; it last wrote: " + last);
  }

  private String status() {
    if (process.isAlive()) {
      return "does not end";
    }
    int status = process.exitValue();
    return switch (status) {
      case SIGNAL_BASE + 6 -> "ended by signal 6 (SIGABRT)";
      case SIGNAL_BASE + 9 -> "ended by signal 9 (SIGKILL; the system may be out of memory)";
      case SIGNAL_BASE + 11 -> "ended by signal 11 (SIGSEGV)";
      default ->
          status > SIGNAL_BASE
              ? "ended by signal " + (status - SIGNAL_BASE)
              : "ended with status " + status;
    };
  }

  @Override
  public String toString() {
    return name;
  }
}
