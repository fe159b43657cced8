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
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
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

  /** By full name; as many as there are methods. */
  private final Map<String, MethodMetrics> methods = new ConcurrentHashMap<>();

  /** Creates an interceptor that writes into a registry. */
  public CallMetricsInterceptor(MetricRegistry metrics) {
    this.metrics = metrics;
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    TimedCall<Q, R> timed = new TimedCall<>(call, metrics(call.getMethodDescriptor()));
    return new SimpleForwardingServerCallListener<>(next.startCall(timed, headers)) {
      @Override
      public void onCancel() {
        timed.end(Status.Code.CANCELLED);
        super.onCancel();
      }
    };
  }

  private MethodMetrics metrics(MethodDescriptor<?, ?> method) {
    MethodMetrics known = methods.get(method.getFullMethodName());
    return known != null
        ? known
        : methods.computeIfAbsent(
            method.getFullMethodName(), name -> new MethodMetrics(metrics, method));
  }

  /** The metrics of one method, looked up once. */
  private static final class MethodMetrics {
    private final MetricRegistry metrics;
    private final String name;
    private final Counter active;

    /** By status; a timer is there from the first call that ends so. */
    private final Map<Status.Code, Timer> calls = new ConcurrentHashMap<>();

    MethodMetrics(MetricRegistry metrics, MethodDescriptor<?, ?> method) {
      String service = method.getServiceName();
      this.metrics = metrics;
      this.name =
          service.substring(service.lastIndexOf('.') + 1) + "." + method.getBareMethodName();
      this.active = metrics.counter(ACTIVE + "." + name);
    }

    Timer calls(Status.Code code) {
      Timer known = calls.get(code);
      return known != null ? known : calls.computeIfAbsent(code, this::timer);
    }

    private Timer timer(Status.Code code) {
      return metrics.timer(
          CALLS + "." + name + "." + code,
          () -> new Timer(LockFreeExponentiallyDecayingReservoir.builder().build()));
    }
  }

  /** Is one call, in flight from the moment that it is made. */
  private static final class TimedCall<Q, R> extends SimpleForwardingServerCall<Q, R> {
    private final MethodMetrics metrics;
    private final AtomicBoolean ended = new AtomicBoolean();
    private final long started = System.nanoTime();

    TimedCall(ServerCall<Q, R> call, MethodMetrics metrics) {
      super(call);
      this.metrics = metrics;
      metrics.active.inc();
    }

    @Override
    public void close(Status status, Metadata trailers) {
      end(status.getCode());
      super.close(status, trailers);
    }

    void end(Status.Code code) {
      if (ended.compareAndSet(false, true)) {
        metrics.active.dec();
        metrics.calls(code).update(System.nanoTime() - started, TimeUnit.NANOSECONDS);
      }
    }
  }
}
