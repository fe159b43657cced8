package dev.slipway.serving.upstream;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.ResolveVersionRequest;
import dev.slipway.registry.v1.ResolveVersionResponse;
import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.catalog.NotInCatalogException;
import dev.slipway.serving.catalog.Selector;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Asks the registry for what the catalog does not have: it may have been made, moved or named a
 * moment ago. So whoever promotes a version can ask for it at once. Thread-safe; nothing blocks.
 *
 * <p>Requests for what nobody has may come by the thousand. Who comes while the same question is
 * out shares the next one, since what he asks about may have come after it was sent. Beyond the
 * bounds, and while the registry is not heard, what the catalog says counts.
 */
public final class CatalogCatchUp {
  /** How long the registry may take to answer, and then the catalog to come to that revision. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final int MOST_QUESTIONS_A_SECOND = 100;

  /** Each may hold its inputs. */
  private static final int MOST_WAITING = 256;

  private static final CompletableFuture<Boolean> NO = CompletableFuture.completedFuture(false);

  private final Channel registry;
  private final Catalog catalog;
  private final BooleanSupplier connected;
  private final Executor executor;
  private final Duration patience;
  private final LongSupplier nanoTime;

  @GuardedBy("this")
  private final Map<Question, Asked> open = new HashMap<>();

  private final AtomicInteger waiting = new AtomicInteger();

  /** The second that questions are counted in, and how many it had. */
  @GuardedBy("this")
  private Turns turns = new Turns(Long.MIN_VALUE, 0);

  private record Question(String model, Selector selector) {}

  private record Turns(long second, int taken) {}

  /** A question that is out, and the one that follows it if somebody came meanwhile. */
  private static final class Asked {
    private final CompletableFuture<Boolean> answer = new CompletableFuture<>();
    private Optional<Asked> next = Optional.empty();
  }

  /**
   * Creates it.
   *
   * @param registry leads to the registry; stays the caller's
   * @param connected tells whether the catalog hears the registry at the moment
   * @param executor goes on with look-ups that waited; stays the caller's
   */
  public CatalogCatchUp(
      Channel registry, Catalog catalog, BooleanSupplier connected, Executor executor) {
    this(registry, catalog, connected, executor, PATIENCE, System::nanoTime);
  }

  CatalogCatchUp(
      Channel registry,
      Catalog catalog,
      BooleanSupplier connected,
      Executor executor,
      Duration patience,
      LongSupplier nanoTime) {
    this.registry = registry;
    this.catalog = catalog;
    this.connected = connected;
    this.executor = executor;
    this.patience = patience;
    this.nanoTime = nanoTime;
  }

  /**
   * Looks something up in the catalog; when it is not there but in the registry, once more as soon
   * as it is. The future fails with what the look-up throws.
   *
   * @param lookup finds what the selector means, or throws {@link NotInCatalogException}
   */
  public <T> CompletableFuture<T> find(String model, Selector selector, Supplier<T> lookup) {
    try {
      return CompletableFuture.completedFuture(lookup.get());
    } catch (NotInCatalogException e) {
      return findLater(model, selector, lookup, e);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /**
   * Looks something up that was missing a moment ago, as soon as the catalog has what the registry
   * has. The future fails with {@code missing} when the registry does not have it either.
   */
  public <T> CompletableFuture<T> findLater(
      String model, Selector selector, Supplier<T> lookup, NotInCatalogException missing) {
    return await(new Question(model, selector))
        .thenApplyAsync(
            isThere -> {
              if (!isThere) {
                throw missing;
              }
              return lookup.get();
            },
            executor);
  }

  /** Ends with whether the catalog has heard by now of what the registry has. Never fails. */
  private CompletableFuture<Boolean> await(Question question) {
    if (!connected.getAsBoolean()) {
      return NO;
    }
    if (waiting.incrementAndGet() > MOST_WAITING) {
      waiting.decrementAndGet();
      return NO;
    }
    Asked mine;
    boolean isFirst;
    synchronized (this) {
      Asked out = open.get(question);
      isFirst = out == null;
      if (isFirst) {
        mine = new Asked();
        open.put(question, mine);
      } else {
        mine = out.next.orElseGet(Asked::new);
        out.next = Optional.of(mine);
      }
    }
    if (isFirst) {
      askOrGiveUp(question);
    }
    return mine.answer.whenComplete((isThere, failure) -> waiting.decrementAndGet());
  }

  private void askOrGiveUp(Question question) {
    if (takeTurn()) {
      ask(question);
    } else {
      answer(question, false);
    }
  }

  private synchronized boolean takeTurn() {
    long second = TimeUnit.NANOSECONDS.toSeconds(nanoTime.getAsLong());
    int taken = turns.second() == second ? turns.taken() : 0;
    turns = new Turns(second, Math.min(MOST_QUESTIONS_A_SECOND, taken + 1));
    return taken < MOST_QUESTIONS_A_SECOND;
  }

  private void answer(Question question, boolean isThere) {
    Asked out;
    boolean askAgain;
    synchronized (this) {
      out = open.remove(question);
      askAgain = !isThere && out.next.isPresent();
      if (askAgain) {
        open.put(question, out.next.get());
      }
    }
    out.answer.complete(isThere);
    if (askAgain) {
      askOrGiveUp(question);
    } else {
      out.next.ifPresent(next -> next.answer.complete(isThere));
    }
  }

  private void ask(Question question) {
    RegistryServiceGrpc.newStub(registry)
        .withDeadlineAfter(patience.toMillis(), TimeUnit.MILLISECONDS)
        .resolveVersion(
            request(question),
            new StreamObserver<>() {
              private long revision;

              @Override
              public void onNext(ResolveVersionResponse response) {
                revision = response.getRevision();
              }

              @Override
              public void onError(Throwable failure) {
                answer(question, false);
              }

              @Override
              public void onCompleted() {
                CompletableFuture<Void> unused =
                    catalog
                        .awaitRevision(revision, patience)
                        .whenComplete((reached, late) -> answer(question, late == null));
              }
            });
  }

  private static ResolveVersionRequest request(Question question) {
    ResolveVersionRequest.Builder request =
        ResolveVersionRequest.newBuilder().setName(question.model());
    if (question.selector() instanceof Selector.Numbered numbered) {
      request.setVersion(numbered.version());
    } else if (question.selector() instanceof Selector.InStage inStage) {
      request.setStage(SelectorMessages.stage(inStage.stage()));
    } else if (question.selector() instanceof Selector.Aliased aliased) {
      request.setAlias(aliased.alias());
    } else {
      request.setLatest(true);
    }
    return request.build();
  }
}
