package dev.slipway.registry.service;

import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.registry.event.RegistryEvent;
import dev.slipway.registry.event.UnreadableEventException;
import dev.slipway.registry.store.RegistryEventStore;
import dev.slipway.registry.store.WebhookDeliveryStore;
import dev.slipway.registry.store.WebhookDeliveryStore.Dispatch;
import dev.slipway.registry.store.WebhookDeliveryStore.Turn;
import dev.slipway.registry.upstream.WebhookSender;
import dev.slipway.registry.webhook.WebhookAttempt;
import dev.slipway.registry.webhook.WebhookBodies;
import dev.slipway.registry.webhook.WebhookDelivery;
import dev.slipway.registry.webhook.WebhookDeliveryState;
import dev.slipway.registry.webhook.WebhookMessage;
import dev.slipway.registry.webhook.WebhookSettings;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends what is queued for webhooks.
 *
 * <p>One thread takes turns from the store and hands each to a worker, which sends up to {@value
 * #TURN} events in order and stops at the first that fails, so that no webhook keeps a worker for
 * long. Webhooks whose last attempt failed share half of the workers, so that those that hang leave
 * the other half to those that answer. It looks for work when a command of this process has queued
 * some, when a worker is done, and every second, for what other replicas, time and crashes bring.
 * In memory are no more events than workers. Thread-safe.
 */
public final class WebhookDispatcher implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(WebhookDispatcher.class);

  private static final int WORKERS = 16;
  private static final int WORKERS_FOR_FAILING = 8;
  private static final int TURN = 16;
  private static final long POLL_NANOS = Duration.ofSeconds(1).toNanos();
  private static final Duration KEEP_DELIVERED = Duration.ofDays(7);
  private static final Duration KEEP_DEAD = Duration.ofDays(30);

  private final WebhookDeliveryStore deliveries;
  private final RegistryEventStore events;
  private final WebhookSender sender;
  private final WebhookBodies bodies;
  private final Clock clock;
  private final Meter delivered;
  private final Meter failed;
  private final Meter dead;
  private final Thread thread = new Thread(this::run, "registry-webhooks");
  private final ExecutorService workers;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private int busy;

  @GuardedBy("lock")
  private int busyWithFailing;

  @GuardedBy("lock")
  private boolean hinted;

  private volatile boolean closed;

  /** Creates the dispatcher; {@link #start} sets it going. */
  public WebhookDispatcher(
      WebhookDeliveryStore deliveries,
      RegistryEventStore events,
      WebhookSender sender,
      WebhookBodies bodies,
      Clock clock,
      MetricRegistry metrics) {
    this.deliveries = deliveries;
    this.events = events;
    this.sender = sender;
    this.bodies = bodies;
    this.clock = clock;
    this.delivered = metrics.meter("registry.webhooks.delivered");
    this.failed = metrics.meter("registry.webhooks.failed");
    this.dead = metrics.meter("registry.webhooks.dead");
    thread.setDaemon(true);
    AtomicInteger number = new AtomicInteger();
    workers =
        Executors.newFixedThreadPool(
            WORKERS,
            task -> {
              Thread worker = new Thread(task, "registry-webhook-" + number.incrementAndGet());
              worker.setDaemon(true);
              return worker;
            });
  }

  /** Begins to send. */
  public void start() {
    thread.start();
  }

  /** Says that something is queued; returns at once. */
  public void hint() {
    synchronized (lock) {
      hinted = true;
      lock.notifyAll();
    }
  }

  /** Forgets deliveries that are over for long; never throws. */
  public void sweep() {
    try {
      deliveries.forget(WebhookDeliveryState.DELIVERED, KEEP_DELIVERED);
      deliveries.forget(WebhookDeliveryState.DEAD, KEEP_DEAD);
    } catch (RuntimeException e) {
      log.warn("old deliveries cannot be forgotten now; trying again", e);
    }
  }

  /**
   * Breaks off what is being sent, which is sent again by others or later, and ends the threads.
   */
  @Override
  public void close() {
    closed = true;
    hint();
    sender.cancelAll();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        // Whoever stops this goes on to close the database, which the thread still needs.
        interrupted = true;
      }
    }
    workers.shutdown();
    for (boolean done = false; !done; ) {
      // A worker may have begun another attempt before it saw that this is closed.
      sender.cancelAll();
      try {
        done = workers.awaitTermination(100, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    while (awaitWork()) {
      try {
        take(false);
        take(true);
      } catch (RuntimeException e) {
        log.warn("webhooks cannot be looked after now; trying again", e);
      }
    }
  }

  private boolean awaitWork() {
    synchronized (lock) {
      long deadline = System.nanoTime() + POLL_NANOS;
      while (!closed && !hinted) {
        long left = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
        if (left <= 0) {
          break;
        }
        try {
          lock.wait(left);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return false;
        }
      }
      hinted = false;
      return !closed;
    }
  }

  private void take(boolean failing) {
    int room;
    synchronized (lock) {
      room = WORKERS - busy;
      if (failing) {
        room = Math.min(room, WORKERS_FOR_FAILING - busyWithFailing);
      }
    }
    if (room <= 0) {
      return;
    }
    List<Turn> turns = deliveries.take(failing, room);
    synchronized (lock) {
      busy += turns.size();
      busyWithFailing += failing ? turns.size() : 0;
    }
    for (Turn turn : turns) {
      workers.execute(() -> serve(turn, failing));
    }
  }

  private void serve(Turn turn, boolean failing) {
    try {
      boolean goesOn = true;
      for (int sent = 0; goesOn && sent < TURN && !closed; sent++) {
        Optional<Dispatch> next = deliveries.next(turn);
        goesOn = next.isPresent() && send(turn, next.get());
      }
      deliveries.end(turn);
    } catch (RuntimeException e) {
      log.warn("webhook {} cannot be served now; trying again", turn.webhook(), e);
    } finally {
      synchronized (lock) {
        busy--;
        busyWithFailing -= failing ? 1 : 0;
      }
      hint();
    }
  }

  /** Makes one attempt; returns whether the turn goes on. */
  private boolean send(Turn turn, Dispatch dispatch) {
    WebhookSettings settings = dispatch.webhook().settings();
    WebhookDelivery delivery = dispatch.delivery();
    WebhookAttempt attempt = attempt(dispatch);
    if (closed && attempt.httpStatus() == 0) {
      // Broken off here, which is no fault of the receiver.
      return false;
    }
    WebhookDelivery after =
        delivery.after(attempt, settings.maxAttempts(), ThreadLocalRandom.current().nextDouble());
    if (!deliveries.finish(turn, after, !attempt.delivered())) {
      return false;
    }
    (attempt.delivered() ? delivered : failed).mark();
    if (after.state() == WebhookDeliveryState.DEAD) {
      dead.mark();
      log.info(
          "webhook {} gives up revision {}: {}",
          turn.webhook(),
          delivery.id().revision(),
          attempt.error());
    }
    return attempt.delivered();
  }

  private WebhookAttempt attempt(Dispatch dispatch) {
    WebhookSettings settings = dispatch.webhook().settings();
    WebhookDelivery delivery = dispatch.delivery();
    RegistryEvent event;
    try {
      event = events.get(delivery.id().revision());
    } catch (UnreadableEventException e) {
      return unsent(delivery, e.getMessage(), e);
    }
    String body;
    try {
      body = bodies.body(settings.format(), delivery.event(), event);
    } catch (RuntimeException e) {
      return unsent(delivery, "the message cannot be written: " + e, e);
    }
    return sender.send(
        new WebhookMessage(
            delivery.id().toString(), settings.url(), dispatch.secret(), settings.timeout(), body));
  }

  /**
   * Returns an attempt that ended before anything was sent. It counts as a failed one, so that its
   * event does not hold up those after it for ever.
   */
  private WebhookAttempt unsent(WebhookDelivery delivery, String error, RuntimeException cause) {
    log.warn("there is nothing to send for {}", delivery.id(), cause);
    return new WebhookAttempt(
        clock.instant().truncatedTo(ChronoUnit.MICROS), Duration.ZERO, 0, error, "");
  }
}
