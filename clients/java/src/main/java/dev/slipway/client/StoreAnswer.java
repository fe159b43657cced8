package dev.slipway.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;

/**
 * Is the answer to one request, whose body is taken as it comes, and given up when nothing comes:
 * the timeout of a request ends with the headers of its answer. For one request; thread-safe.
 */
final class StoreAnswer implements HttpResponse.BodySubscriber<Void> {
  private final IntFunction<Sink> sinks;
  private final CompletableFuture<Void> whole = new CompletableFuture<>();

  @GuardedBy("this")
  private Sink sink = bytes -> {};

  @GuardedBy("this")
  private Flow.Subscription subscription;

  @GuardedBy("this")
  private Exception failure;

  @GuardedBy("this")
  private boolean ended;

  @GuardedBy("this")
  private boolean moved;

  /** Takes bytes of a body, in order. */
  interface Sink {
    void take(ByteBuffer bytes) throws IOException;
  }

  /**
   * Creates it.
   *
   * @param sinks what takes the body, by the status of the answer
   */
  StoreAnswer(IntFunction<Sink> sinks) {
    this.sinks = sinks;
  }

  /**
   * Sends the request and waits for all of the answer. On return the sink is given nothing more.
   *
   * @param silence how long to wait while nothing of the answer comes; the request's timeout, if it
   *     has one, is as long
   */
  HttpResponse<Void> await(HttpClient client, HttpRequest request, Duration silence)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<Void>> answer =
        client.sendAsync(request, info -> begin(info.statusCode()));
    try {
      while (true) {
        try {
          return answer.get(silence.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
          if (!hasMoved()) {
            throw sentNothing(silence, e);
          }
        }
      }
    } catch (ExecutionException e) {
      throw failure(e.getCause(), silence);
    } finally {
      end();
      boolean unused = answer.cancel(true);
    }
  }

  private static IOException sentNothing(Duration silence, Exception cause) {
    return new IOException("the store sent nothing for " + silence.toSeconds() + " s", cause);
  }

  private synchronized StoreAnswer begin(int status) {
    sink = sinks.apply(status);
    moved = true;
    return this;
  }

  private synchronized boolean hasMoved() {
    boolean result = moved;
    moved = false;
    return result;
  }

  private synchronized IOException failure(Throwable ofRequest, Duration silence) {
    Throwable cause = failure == null ? ofRequest : failure;
    if (cause instanceof HttpTimeoutException late
        && !(late instanceof HttpConnectTimeoutException)) {
      return sentNothing(silence, late);
    }
    if (cause instanceof RuntimeException unforeseen && failure != null) {
      throw unforeseen;
    }
    return cause instanceof IOException io ? io : new IOException(cause);
  }

  private synchronized void end() {
    ended = true;
    if (subscription != null) {
      subscription.cancel();
    }
  }

  @Override
  public CompletionStage<Void> getBody() {
    return whole;
  }

  @Override
  public synchronized void onSubscribe(Flow.Subscription newSubscription) {
    subscription = newSubscription;
    if (ended) {
      subscription.cancel();
    } else {
      subscription.request(1);
    }
  }

  @Override
  public synchronized void onNext(List<ByteBuffer> buffers) {
    if (ended) {
      return;
    }
    moved = true;
    try {
      for (ByteBuffer bytes : buffers) {
        sink.take(bytes);
      }
      subscription.request(1);
    } catch (IOException | RuntimeException e) {
      failure = e;
      ended = true;
      subscription.cancel();
      whole.completeExceptionally(e);
    }
  }

  @Override
  public void onError(Throwable problem) {
    whole.completeExceptionally(problem);
  }

  @Override
  public void onComplete() {
    whole.complete(null);
  }
}
