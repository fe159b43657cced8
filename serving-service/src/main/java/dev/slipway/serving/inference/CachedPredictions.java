package dev.slipway.serving.inference;

import dev.slipway.engine.tensor.Tensor;
import dev.slipway.serving.cache.CacheFigures;
import dev.slipway.serving.cache.CacheKey;
import dev.slipway.serving.cache.CacheKeys;
import dev.slipway.serving.cache.CachePolicy;
import dev.slipway.serving.cache.PredictionCache;
import dev.slipway.serving.execution.Execution;
import dev.slipway.serving.execution.Execution.Answer;
import dev.slipway.serving.execution.Execution.Timings;
import dev.slipway.serving.execution.QueueFullException;
import dev.slipway.serving.model.LoadedModel;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Answers requests from the cache, computes what is missing, and keeps it.
 *
 * <p>What several requests miss at the same time is computed for the first and given to all. Should
 * that fail, by its caller's deadline for one, each of the others tries once more by the same way
 * and then computes for itself. Thread-safe; nothing here blocks.
 */
final class CachedPredictions {
  /** A request with more rows is looked up as a whole. */
  static final int MOST_ROWS = 4_096;

  private static final int TRIES = 2;

  private final PredictionCache cache;
  private final Clock clock;
  private final Map<CacheKey, Flight> flights = new ConcurrentHashMap<>();

  /** Packages whose answers turned out not to have a row for every row asked. */
  private final Set<String> wholeOnly = ConcurrentHashMap.newKeySet();

  CachedPredictions(PredictionCache cache, Clock clock) {
    this.cache = cache;
    this.clock = clock;
  }

  /** An answer that is being computed, and how many others wait for it. */
  private static final class Flight {
    private final CompletableFuture<List<Tensor>> answer = new CompletableFuture<>();
    private final AtomicInteger followers = new AtomicInteger();
  }

  /**
   * One request.
   *
   * @param model the version, held until the receiver was told
   * @param name registered model name
   * @param policy how its answers are kept
   * @param inputs checked inputs, in the model's order
   * @param outputs names of the wanted outputs, in order
   * @param parameters checked parameters
   * @param force whether to compute whatever the cache holds
   * @param maxFollowers requests that may wait for an answer that another one computes
   * @param engine computes
   */
  record Request(
      LoadedModel model,
      String name,
      CachePolicy policy,
      List<Tensor> inputs,
      List<String> outputs,
      Map<String, Object> parameters,
      boolean force,
      int maxFollowers,
      EngineCall engine) {}

  /**
   * What the cache did for a request.
   *
   * @param hit whether nothing was computed for it
   * @param nanos how long looking took
   */
  record Lookup(boolean hit, long nanos) {
    /** The cache was not asked. */
    static final Lookup NONE = new Lookup(false, 0);
  }

  /** Receives the outcome of a request, on any thread. */
  interface Receiver {
    void answered(Answer answer, Lookup lookup);

    void failed(RuntimeException failure);
  }

  /** Answers a request; the receiver is told exactly once. */
  void predict(Request request, Receiver receiver) {
    new Attempt(request, receiver, TRIES).run();
  }

  /** One try at a request. Used by the thread that began it, then by the one that ends it. */
  private final class Attempt {
    private final Request request;
    private final Receiver receiver;
    private final int tries;
    private final long started = System.nanoTime();
    private final String digest;
    private final boolean byRow;
    private List<CacheKey> keys = List.of();

    /** The answer to each key, where it is known. */
    private final List<Optional<List<Tensor>>> answers = new ArrayList<>();

    /** Which keys this request computes. */
    private final List<Integer> own = new ArrayList<>();

    /** Which keys others compute. */
    private final Map<Integer, Flight> followed = new ConcurrentHashMap<>();

    private long lookupNanos;

    Attempt(Request request, Receiver receiver, int tries) {
      this.request = request;
      this.receiver = receiver;
      this.tries = tries;
      this.digest = request.model().version().packageDigest();
      this.byRow = isByRow();
    }

    private boolean isByRow() {
      long rows = request.inputs().get(0).shape().rank() == 0 ? 0 : firstDimension();
      return request.policy().byRow()
          && request.model().predictor().batched()
          && !wholeOnly.contains(digest)
          && rows > 0
          && rows <= MOST_ROWS
          && Rows.areIn(request.inputs(), rows);
    }

    private long firstDimension() {
      return request.inputs().get(0).shape().dimension(0);
    }

    void run() {
      CacheKeys hash = new CacheKeys(digest, request.outputs(), request.parameters());
      keys =
          byRow
              ? hash.ofRows(request.inputs(), (int) firstDimension())
              : List.of(hash.ofRequest(request.inputs()));
      try {
        lookUp();
      } catch (QueueFullException e) {
        fail(e);
        return;
      }
      lookupNanos = System.nanoTime() - started;
      count();
      if (own.isEmpty()) {
        awaitFollowed(Optional.empty());
      } else {
        compute();
      }
    }

    private void lookUp() {
      for (int i = 0; i < keys.size(); i++) {
        CacheKey key = keys.get(i);
        Optional<List<Tensor>> found = request.force() ? Optional.empty() : cache.find(key);
        answers.add(found);
        if (found.isPresent()) {
          continue;
        }
        Flight mine = new Flight();
        Flight present = flights.putIfAbsent(key, mine);
        if (present == null) {
          own.add(i);
          // Its last computation may have ended since it was looked for.
          found = request.force() ? Optional.empty() : cache.find(key);
          if (found.isPresent()) {
            own.remove(own.size() - 1);
            answers.set(i, found);
            land(key, found.get());
          }
        } else if (request.force()) {
          // Computed all the same; only nobody waits for this one.
          own.add(i);
        } else {
          int followers = present.followers.incrementAndGet();
          if (followers > request.maxFollowers() && !isOwn(key)) {
            throw QueueFullException.whileComputing(
                request.model().version().key().toString(), followers - 1);
          }
          followed.put(i, present);
        }
      }
    }

    /** The same row several times in one request: it waits for itself, not for room. */
    private boolean isOwn(CacheKey key) {
      return own.stream().anyMatch(i -> keys.get(i).equals(key));
    }

    private void count() {
      if (!request.force()) {
        CacheFigures figures = cache.figures(digest);
        figures.hit(keys.size() - own.size());
        figures.missed(own.size());
        request.model().statistics().lookedUp(own.isEmpty(), lookupNanos);
      }
    }

    private void compute() {
      Execution.Receiver computed =
          new Execution.Receiver() {
            @Override
            public void answered(Answer answer) {
              keep(answer);
            }

            @Override
            public void failed(RuntimeException failure) {
              fail(failure);
            }
          };
      try {
        List<Tensor> missing =
            own.size() == keys.size()
                ? request.inputs()
                : Rows.select(Rows.split(request.inputs(), keys.size()), own);
        request.engine().compute(missing, computed);
      } catch (RuntimeException | Error e) {
        fail(e instanceof RuntimeException known ? known : new IllegalStateException(e));
      }
    }

    private void keep(Answer answer) {
      if (!byRow) {
        List<Tensor> whole = answer.outputs().stream().map(Rows::copy).toList();
        put(0, whole);
        receiver.answered(answer, new Lookup(false, lookupNanos));
        return;
      }
      if (!Rows.areIn(answer.outputs(), own.size())) {
        wholeOnly.add(digest);
        if (own.size() == keys.size()) {
          abandon(new IllegalStateException("the answer has not a row for every row"));
          receiver.answered(answer, new Lookup(false, lookupNanos));
        } else {
          fail(new IllegalStateException("the answer has not a row for every row"));
        }
        return;
      }
      List<List<Tensor>> split = Rows.split(answer.outputs(), own.size());
      for (int i = 0; i < own.size(); i++) {
        int row = i;
        put(own.get(i), split.stream().map(output -> Rows.copy(output.get(row))).toList());
      }
      if (own.size() == keys.size()) {
        receiver.answered(answer, new Lookup(false, lookupNanos));
      } else {
        awaitFollowed(Optional.of(answer));
      }
    }

    private void put(int index, List<Tensor> outputs) {
      CacheKey key = keys.get(index);
      answers.set(index, Optional.of(outputs));
      cache.put(key, request.name(), digest, request.policy(), outputs);
      land(key, outputs);
    }

    private void land(CacheKey key, List<Tensor> outputs) {
      Flight flight = flights.remove(key);
      if (flight != null) {
        flight.answer.complete(outputs);
      }
    }

    /** Tells those who wait for what this request was to compute that they wait in vain. */
    private void abandon(RuntimeException failure) {
      for (int index : own) {
        Flight flight = answers.get(index).isEmpty() ? flights.remove(keys.get(index)) : null;
        if (flight != null) {
          flight.answer.completeExceptionally(failure);
        }
      }
    }

    private void fail(RuntimeException failure) {
      abandon(failure);
      receiver.failed(failure);
    }

    private void awaitFollowed(Optional<Answer> computed) {
      CompletableFuture<?>[] others =
          followed.values().stream().map(flight -> flight.answer).toArray(CompletableFuture[]::new);
      CompletableFuture<Void> unused =
          CompletableFuture.allOf(others)
              .whenComplete(
                  (done, failure) -> {
                    if (failure != null) {
                      again();
                    } else {
                      finish(computed);
                    }
                  });
    }

    private void again() {
      if (tries > 1) {
        new Attempt(request, receiver, tries - 1).run();
        return;
      }
      Execution.Receiver alone =
          new Execution.Receiver() {
            @Override
            public void answered(Answer answer) {
              receiver.answered(answer, new Lookup(false, lookupNanos));
            }

            @Override
            public void failed(RuntimeException failure) {
              receiver.failed(failure);
            }
          };
      try {
        request.engine().compute(request.inputs(), alone);
      } catch (RuntimeException e) {
        receiver.failed(e);
      }
    }

    private void finish(Optional<Answer> computed) {
      try {
        followed.forEach((index, flight) -> answers.set(index, Optional.of(flight.answer.join())));
        List<Tensor> outputs = assemble();
        long rows = computed.map(Answer::batchRows).orElse(0L);
        Timings timings = computed.map(Answer::timings).orElse(new Timings(0, 0, 0));
        if (computed.isEmpty()) {
          request
              .model()
              .statistics()
              .answeredFromCache(clock.millis(), System.nanoTime() - started);
        }
        receiver.answered(
            new Answer(outputs, rows, timings), new Lookup(computed.isEmpty(), lookupNanos));
      } catch (RuntimeException e) {
        receiver.failed(e);
      }
    }

    private List<Tensor> assemble() {
      List<Tensor> first = answers.get(0).orElseThrow();
      if (answers.size() == 1) {
        return first;
      }
      List<Tensor> outputs = new ArrayList<>(first.size());
      for (int i = 0; i < first.size(); i++) {
        int output = i;
        outputs.add(Rows.join(answers.stream().map(row -> row.orElseThrow().get(output)).toList()));
      }
      return outputs;
    }
  }
}
