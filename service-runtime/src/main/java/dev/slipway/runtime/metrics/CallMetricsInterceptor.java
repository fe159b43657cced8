package dev.slipway.runtime.metrics;

import com.codahale.metrics.Counter;
import com.codahale.metrics.LockFreeExponentiallyDecayingReservoir;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Times every call and counts those in flight.
 *
 * <p>Names are {@code grpc.server.calls.<service>.<method>.<code>} (timer, from call start to
 * close) and {@code grpc.server.active.<service>.<method>} (counter). Services are named without
 * their package. Thread-safe.
 */
public final class CallMetricsInterceptor implements ServerInterceptor {
  /** Prefix of the timers. */
  public static final String CALLS = "grpc.server.calls";

  /** Prefix of the in-flight counters. */
  public static final String ACTIVE = "grpc.server.active";

  private final MetricRegistry metrics;

  /** Creates an interceptor that writes into a registry. */
  public CallMetricsInterceptor(MetricRegistry metrics) {
    this.metrics = metrics;
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    MethodDescriptor<Q, R> method = call.getMethodDescriptor();
    String service = method.getServiceName();
    String name =
        service.substring(service.lastIndexOf('.') + 1) + "." + method.getBareMethodName();
    Counter active = metrics.counter(ACTIVE + "." + name);
    long started = System.nanoTime();
    active.inc();
    AtomicBoolean ended = new AtomicBoolean();
    ServerCall<Q, R> timed =
        new SimpleForwardingServerCall<>(call) {
          @Override
          public void close(Status status, Metadata trailers) {
            end(status.getCode());
            super.close(status, trailers);
          }

          private void end(Status.Code code) {
            record(ended, active, name, code, started);
          }
        };
    return new SimpleForwardingServerCallListener<>(next.startCall(timed, headers)) {
      @Override
      public void onCancel() {
        record(ended, active, name, Status.Code.CANCELLED, started);
        super.onCancel();
      }
    };
  }

  private void record(
      AtomicBoolean ended, Counter active, String name, Status.Code code, long started) {
    if (ended.compareAndSet(false, true)) {
      active.dec();
      metrics
          .timer(
              CALLS + "." + name + "." + code,
              () -> new Timer(LockFreeExponentiallyDecayingReservoir.builder().build()))
          .update(System.nanoTime() - started, TimeUnit.NANOSECONDS);
    }
  }
}
