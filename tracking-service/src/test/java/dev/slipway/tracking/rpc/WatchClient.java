package dev.slipway.tracking.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Is a client's end of a watch, for tests: keeps all messages and waits for some. */
class WatchClient<Q, M> implements ClientResponseObserver<Q, M> {
  private static final long TIMEOUT_SECONDS = 30;

  private final boolean reads;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final List<M> messages = new ArrayList<>();
  private ClientCallStreamObserver<Q> call;

  /**
   * Creates a client.
   *
   * @param reads whether messages are taken as they come; otherwise only when asked to
   */
  WatchClient(boolean reads) {
    this.reads = reads;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<Q> stream) {
    call = stream;
    if (!reads) {
      stream.disableAutoRequestWithInitial(0);
    }
  }

  @Override
  public synchronized void onNext(M message) {
    messages.add(message);
    notifyAll();
  }

  @Override
  public synchronized void onError(Throwable failure) {
    ended.completeExceptionally(failure);
    notifyAll();
  }

  @Override
  public synchronized void onCompleted() {
    ended.complete(null);
    notifyAll();
  }

  void request(int count) {
    call.request(count);
  }

  void cancel() {
    call.cancel("test", null);
  }

  synchronized List<M> messages() {
    return List.copyOf(messages);
  }

  boolean hasEnded() {
    return ended.isDone();
  }

  /** Waits until the messages so far are as wanted. */
  synchronized List<M> await(Predicate<List<M>> wanted) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!wanted.test(messages)) {
      long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      assertThat(ended).as("the watch goes on").isNotCompletedExceptionally();
      assertThat(millis).as("messages came in time, so far %s", messages).isPositive();
      wait(Math.min(millis, 1_000));
    }
    return List.copyOf(messages);
  }

  /** Waits for the error that the watch ends with. */
  Throwable awaitError() throws Exception {
    try {
      ended.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      return e.getCause();
    }
    throw new AssertionError("the watch ended without an error");
  }
}
