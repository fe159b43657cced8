package dev.slipway.engine.predictor.python;

import static java.util.concurrent.CompletableFuture.delayedExecutor;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.engine.tensor.Tensor;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * One worker process. A single thread at a time talks to it; any thread may stop it, which ends
 * what the other waits for.
 *
 * <p>Its pipes are read and written on a thread of the worker's own. Nothing ends a read of a pipe
 * but the end of all who can write to it, and what the process forked may be among them: so it is
 * the process that callers wait for, not the pipe.
 */
final class Worker {

  /** How long the last words of a process that ended may take to arrive. */
  private static final long LAST_WORDS_MILLIS = 1_000;

  /**
   * How long a process may take to end after its pipe has. A busy machine may tell late of one that
   * crashed, and one that lives on is rare.
   */
  private static final long END_MILLIS = 3_000;

  private static final int MAX_LAST_WORDS = 1_000;
  private static final int SIGNAL_BASE = 128;
  private static final int SIGKILL = 9;

  private final String name;
  private final Process process;
  private final OutputStream toWorker;
  private final InputStream fromWorker;
  private final WorkerLog output;
  private final Thread outputReader;
  private final ExecutorService talker;

  @GuardedBy("this")
  private Optional<String> stopReason = Optional.empty();

  /** The number of the exchange for which it was stopped; an even one is none. */
  @GuardedBy("this")
  private long stoppedExchange;

  /** What the exchange that runs waits for. */
  @GuardedBy("this")
  private CompletableFuture<Frame> awaited = new CompletableFuture<>();

  /** Whether the process ended and nothing that it wrote is waited for any more. */
  @GuardedBy("this")
  private boolean over;

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
    this.talker =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, name + "-pipe");
              thread.setDaemon(true);
              return thread;
            });
    CompletableFuture<?> unused =
        process
            .onExit()
            .thenRunAsync(this::giveUp, delayedExecutor(LAST_WORDS_MILLIS, MILLISECONDS));
  }

  /** Ends the wait for a process that ended a moment ago. */
  private synchronized void giveUp() {
    over = true;
    awaited.completeExceptionally(new EOFException());
    talker.shutdown();
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
      answer = talk(kind, header, tensors);
    } catch (Frame.GarbledException e) {
      stop("wrote what is no answer: " + e.getMessage());
      throw ended();
    } catch (IOException e) {
      throw gone();
    } catch (RuntimeException | Error e) {
      // Where the next frame begins is not known.
      stop("was given up: " + (e.getCause() == null ? e : e.getCause()));
      throw e;
    }
    synchronized (this) {
      if (stopReason.isEmpty()) {
        exchange++;
        return answer;
      }
    }
    throw ended();
  }

  private Frame talk(char kind, JsonNode header, List<Tensor> tensors) throws IOException {
    CompletableFuture<Frame> answer = new CompletableFuture<>();
    synchronized (this) {
      if (over) {
        throw new EOFException();
      }
      awaited = answer;
      talker.execute(
          () -> {
            try {
              Frame.write(toWorker, kind, header, tensors);
              answer.complete(Frame.read(fromWorker));
            } catch (IOException | RuntimeException | Error e) {
              answer.completeExceptionally(e);
            }
          });
    }
    try {
      return answer.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw e;
    } finally {
      synchronized (this) {
        // An answer may be large; it is the caller's now.
        awaited = new CompletableFuture<>();
      }
    }
  }

  /** Waits a moment for the end of a process that can be talked to no more, else ends it. */
  private WorkerEndedException gone() {
    try {
      if (!process.waitFor(END_MILLIS, MILLISECONDS)) {
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
    synchronized (this) {
      boolean stopped = stopReason.isPresent();
      return new WorkerEndedException(
          how, stopped && stoppedExchange == exchange, stopped || wasKilled());
    }
  }

  private boolean wasKilled() {
    return !process.isAlive() && process.exitValue() == SIGNAL_BASE + SIGKILL;
  }

  /**
   * Stops the process if what it does takes longer than it may, or it takes more memory. What it
   * took before an exchange is no fault of that exchange.
   */
  void stopIfBeyondLimits(long maxBytes) {
    long looked;
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
      looked = exchange;
    }
    if (maxBytes == Long.MAX_VALUE) {
      return;
    }
    long bytes = residentBytes();
    if (bytes > maxBytes) {
      stop(looked, "took " + bytes + " bytes of memory; it may take " + maxBytes);
    }
  }

  /** Ends the process at once; the first reason is the one that is told. */
  synchronized void stop(String reason) {
    stop(exchange, reason);
  }

  private synchronized void stop(long exchangeAtFault, String reason) {
    if (stopReason.isEmpty()) {
      stopReason = Optional.of(reason);
      stoppedExchange = exchangeAtFault;
    }
    Subprocess.kill(process);
  }

  /** Waits for the end of the process and returns how it ended. */
  String awaitEnd() throws InterruptedException {
    process.waitFor();
    outputReader.join(LAST_WORDS_MILLIS);
    return howItEnded();
  }

  /** Waits for the end of the process for so long. */
  void awaitEnd(Duration patience) throws InterruptedException {
    boolean unused = process.waitFor(patience.toMillis(), MILLISECONDS);
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Returns whether it may be asked: it lives, and was not stopped. */
  synchronized boolean isUsable() {
    return process.isAlive() && stopReason.isEmpty();
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
      case SIGNAL_BASE + SIGKILL -> "ended by signal 9 (SIGKILL; the system may be out of memory)";
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
