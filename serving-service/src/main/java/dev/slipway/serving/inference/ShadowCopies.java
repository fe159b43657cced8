package dev.slipway.serving.inference;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.engine.packaging.GoldenCase;
import dev.slipway.engine.packaging.GoldenResult;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.TrafficRule.Shadow;
import dev.slipway.serving.model.ModelHandle;
import dev.slipway.serving.model.ModelPool;
import dev.slipway.serving.model.RulesInForce.RuleKey;
import dev.slipway.serving.model.StageRouter;
import dev.slipway.serving.model.StageRouter.Part;
import dev.slipway.serving.traffic.TrafficMeter;
import dev.slipway.serving.traffic.TrafficMeter.Side;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks shadows what callers were answered already, and compares. A bounded number of copies waits
 * for a bounded time; the others are dropped. Of each rule one copy runs at a time, and only while
 * no request waits for the engines. Thread-safe; nothing here blocks or throws.
 */
final class ShadowCopies {
  private static final Logger log = LoggerFactory.getLogger(ShadowCopies.class);

  /** How long a copy lets requests go first before it looks again. */
  private static final long YIELD_MILLIS = 2;

  /** How long the shadow may take for a copy. */
  private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final StageRouter router;
  private final ModelPool pool;
  private final BooleanSupplier contended;
  private final Run run;
  private final Executor executor;
  private final ScheduledExecutorService timer;
  private final Map<RuleKey, Lane> lanes = new ConcurrentHashMap<>();
  private final AtomicLong waitingBytes = new AtomicLong();

  /**
   * Creates it without copies.
   *
   * @param contended tells whether requests wait for the engines' threads
   * @param run runs a copy on a version
   * @param executor where copies are run and compared; stays the caller's
   * @param timer where pauses are waited out; stays the caller's
   */
  ShadowCopies(
      StageRouter router,
      ModelPool pool,
      BooleanSupplier contended,
      Run run,
      Executor executor,
      ScheduledExecutorService timer) {
    this.router = router;
    this.pool = pool;
    this.contended = contended;
    this.run = run;
    this.executor = executor;
    this.timer = timer;
  }

  /** Runs a request on a version past the prediction cache; closes the handle when it is over. */
  interface Run {
    void run(ModelHandle handle, InferenceRequest request, InferenceService.Receiver receiver);
  }

  /**
   * Tells whether a request is of the shadow's share.
   *
   * @param answered the version that gave the answer
   */
  boolean takes(RuleKey key, Shadow shadow, CatalogVersion answered) {
    return router
            .answering(key.model(), key.stage(), Part.SHADOW)
            .filter(version -> !version.key().equals(answered.key()))
            .isPresent()
        && ThreadLocalRandom.current().nextDouble() < shadow.sampleRate();
  }

  /** Takes a copy of a request that was answered. */
  void offer(
      RuleKey key,
      Shadow shadow,
      InferenceRequest request,
      List<Tensor> answer,
      TrafficMeter meter) {
    lanes.computeIfAbsent(key, Lane::new).offer(ShadowCopy.of(shadow, request, answer, meter));
  }

  /** The copies of one rule. */
  private final class Lane {
    private final RuleKey key;

    @GuardedBy("this")
    private final ShadowQueue waiting = new ShadowQueue(waitingBytes, System::nanoTime);

    @GuardedBy("this")
    private boolean running;

    Lane(RuleKey key) {
      this.key = key;
    }

    void offer(ShadowCopy copy) {
      boolean starts;
      synchronized (this) {
        starts = waiting.offer(copy) && !running;
        running |= starts;
      }
      if (starts) {
        executor.execute(this::next);
      }
    }

    private void next() {
      Optional<ModelHandle> handle =
          router.answering(key.model(), key.stage(), Part.SHADOW).flatMap(pool::acquire);
      if (handle.isPresent() && mustYield(handle.get())) {
        handle.get().close();
        synchronized (this) {
          waiting.dropOld();
        }
        Future<?> unused =
            timer.schedule(() -> executor.execute(this::next), YIELD_MILLIS, TimeUnit.MILLISECONDS);
        return;
      }
      Optional<ShadowCopy> copy;
      synchronized (this) {
        copy = waiting.poll();
        running = copy.isPresent();
      }
      if (copy.isEmpty()) {
        handle.ifPresent(ModelHandle::close);
        return;
      }
      if (handle.isEmpty()) {
        copy.get().meter().dropped();
        executor.execute(this::next);
        return;
      }
      ask(copy.get(), handle.get());
    }

    /** Tells whether a request waits that the copy would be in the way of. */
    private boolean mustYield(ModelHandle shadow) {
      return contended.getAsBoolean()
          || shadow.model().queue().queued() > 0
          || router
              .answering(key.model(), key.stage(), Part.HOLDER)
              .flatMap(pool::acquire)
              .filter(
                  handle -> {
                    try (handle) {
                      return handle.model().queue().queued() > 0;
                    }
                  })
              .isPresent();
    }

    private void ask(ShadowCopy copy, ModelHandle handle) {
      long started = System.nanoTime();
      run.run(
          handle,
          copy.request().copied(started + DEADLINE_NANOS),
          new InferenceService.Receiver() {
            @Override
            public void answered(InferenceResult result) {
              copy.meter().answered(Side.SHADOW, result.rows(), System.nanoTime() - started);
              executor.execute(() -> compare(copy, result));
            }

            @Override
            public void failed(RuntimeException failure) {
              log.debug("the shadow of {} failed", key, failure);
              copy.meter().failed(Side.SHADOW);
              executor.execute(Lane.this::next);
            }
          });
    }

    private void compare(ShadowCopy copy, InferenceResult result) {
      try {
        GoldenCase expected =
            new GoldenCase(
                "the caller's answer",
                copy.answer(),
                Map.of(),
                copy.answer(),
                copy.shadow().absoluteTolerance(),
                copy.shadow().relativeTolerance());
        if (GoldenResult.compare(expected, result.outputs()).passed()) {
          copy.meter().answered(Side.COMPARISON, result.rows(), 0);
        } else {
          copy.meter().failed(Side.COMPARISON);
        }
      } catch (RuntimeException e) {
        log.error("answers of {} cannot be compared", key, e);
      } finally {
        next();
      }
    }
  }
}
