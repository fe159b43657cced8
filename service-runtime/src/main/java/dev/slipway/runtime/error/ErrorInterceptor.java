package dev.slipway.runtime.error;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Lets handlers simply throw: closes the call with the status that {@link StatusMapper} gives for
 * the exception.
 *
 * <p>It guards every place in which a handler runs, since a streaming handler throws from others
 * than a unary one. After a throw the handler hears of nothing more but the end of the call.
 * Whoever closes first wins; the other is ignored, so that an exception after {@code onError}
 * cannot close a call twice. Thread-safe.
 */
public final class ErrorInterceptor implements ServerInterceptor {
  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    ClosingOnceCall<Q, R> guarded = new ClosingOnceCall<>(call);
    ServerCall.Listener<Q> listener;
    try {
      listener = next.startCall(guarded, headers);
    } catch (Throwable e) {
      guarded.fail(e);
      return new ServerCall.Listener<>() {};
    }
    return new GuardedListener<>(listener, guarded);
  }

  private static final class GuardedListener<Q, R> extends SimpleForwardingServerCallListener<Q> {
    private final ClosingOnceCall<Q, R> call;

    /** Set once a handler threw; gRPC calls one listener from one thread at a time. */
    private boolean failed;

    GuardedListener(ServerCall.Listener<Q> delegate, ClosingOnceCall<Q, R> call) {
      super(delegate);
      this.call = call;
    }

    @Override
    public void onMessage(Q message) {
      unlessFailed(() -> super.onMessage(message));
    }

    @Override
    public void onHalfClose() {
      unlessFailed(super::onHalfClose);
    }

    @Override
    public void onReady() {
      unlessFailed(super::onReady);
    }

    @Override
    public void onCancel() {
      guard(super::onCancel);
    }

    @Override
    public void onComplete() {
      guard(super::onComplete);
    }

    /**
     * A handler that was refused must hear of no further message and of no half-close: it might
     * commit.
     */
    private void unlessFailed(Runnable handler) {
      if (!failed) {
        guard(handler);
      }
    }

    private void guard(Runnable handler) {
      try {
        handler.run();
      } catch (Throwable e) {
        failed = true;
        call.fail(e);
      }
    }
  }

  private static final class ClosingOnceCall<Q, R> extends SimpleForwardingServerCall<Q, R> {
    private final AtomicBoolean closed = new AtomicBoolean();

    ClosingOnceCall(ServerCall<Q, R> delegate) {
      super(delegate);
    }

    @Override
    public void close(Status status, Metadata trailers) {
      if (closed.compareAndSet(false, true)) {
        super.close(status, trailers);
      }
    }

    void fail(Throwable failure) {
      StatusRuntimeException status = StatusMapper.toStatus(failure);
      Metadata trailers = status.getTrailers();
      close(status.getStatus(), trailers == null ? new Metadata() : trailers);
    }
  }
}
