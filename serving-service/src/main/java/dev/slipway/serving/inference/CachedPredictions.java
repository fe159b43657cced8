package dev.slipway.serving.inference;

import dev.slipway.engine.tensor.Tensor;
import dev.slipway.serving.cache.CacheFigures;
import dev.slipway.serving.cache.CacheKey;
import dev.slipway.serving.cache.CacheKeys;
import dev.slipway.serving.cache.CachePolicy;
import dev.slipway.serving.cache.PredictionCache;
import dev.slipway.serving.cache.SharedAnswers;
import dev.slipway.serving.execution.Execution;
import dev.slipway.serving.execution.Execution.Answer;
import dev.slipway.serving.execution.Execution.Timings;
import dev.slipway.serving.execution.QueueFullException;
import dev.slipway.serving.model.LoadedModel;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Answers requests from the cache, then from what other servers share, computes what is missing,
 * and keeps and shares it.
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
  private final SharedAnswers shared;
  private final Clock clock;
  private final Map<CacheKey, Flight> flights = new ConcurrentHashMap<>();

  /** Packages whose answers turned out not to have a row for every row asked. */
  private final Set<String> wholeOnly = ConcurrentHashMap.newKeySet();

  /** By package: requests that wait for what others compute. */
  private final Map<String, Integer> waiting = new ConcurrentHashMap<>();

  CachedPredictions(PredictionCache cache, SharedAnswers shared, Clock clock) {
    this.cache = cache;
    this.shared = shared;
    this.clock = clock;
  }

  /** An answer that is being computed. Its identity tells it from another one for the same key. */
  private static final class Flight {
    private final CompletableFuture<List<Tensor>> answer = new CompletableFuture<>();
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
   * @param maxFollowers requests of the version that may wait for what others compute
   * @param arrivedNanos {@link System#nanoTime} at which the request arrived
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
      long arrivedNanos,
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
    new Attempt(request, receiver, TRIES).begin();
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

    /** What others may wait for this request to compute. */
    private final Map<CacheKey, Flight> mine = new HashMap<>();

    /** Which keys others compute, or an equal row of this request is computed for. */
    private final Map<Integer, Flight> followed = new HashMap<>();

    /** Whether it counts among those that wait for others. */
    private boolean waits;

    private long lookupNanos;

    Attempt(Request request, Receiver receiver, int tries) {
      this.request = request;
      this.receiver = receiver;
      this.tries = tries;
      this.digest = request.model().answersDigest();
      this.byRow = isByRow();
    }

    private boolean isByRow() {
      long rows = request.inputs().get(0).shape().rank() == 0 ? 0 : firstDimension();
      return request.policy().byRow()
          && request.model().batched()
          && !wholeOnly.contains(digest)
          && rows > 0
          && rows <= MOST_ROWS
          && Rows.areIn(request.inputs(), rows);
    }

    private long firstDimension() {
      return request.inputs().get(0).shape().dimension(0);
    }

    void begin() {
      guard(this::run);
    }

    /**
     * Takes a step of the way. Whatever it throws is the request's failure, an Error too: nobody
     * else would tell its caller, nor those who wait for it.
     */
    private void guard(Runnable step) {
      try {
        step.run();
      } catch (Throwable e) {
        fail(e instanceof RuntimeException known ? known : new IllegalStateException(e));
      }
    }

    private void run() {
      CacheKeys hash = new CacheKeys(digest, request.outputs(), request.parameters());
      keys =
          byRow
              ? hash.ofRows(request.inputs(), (int) firstDimension())
              : List.of(hash.ofRequest(request.inputs()));
      cache.bound(request.name(), request.policy());
      lookUp();
      if (own.isEmpty() || request.force()) {
        lookedUp(0);
        return;
      }
      CompletableFuture<Void> unused =
          shared
              .find(own.stream().map(keys::get).toList())
              .exceptionally(failure -> Map.of())
              .thenAccept(found -> guard(() -> lookedUp(take(found))));
    }

    /** Takes what others shared in place of computing it, and returns how much that was. */
    private int take(Map<CacheKey, SharedAnswers.Found> found) {
      int before = own.size();
      own.removeIf(
          index -> {
            CacheKey key = keys.get(index);
            SharedAnswers.Found answer = found.get(key);
            if (answer == null || !fits(answer)) {
              return false;
            }
            List<Tensor> outputs = answer.outputs();
            cache.put(key, request.name(), digest, request.policy(), outputs, answer.age());
            answers.set(index, Optional.of(outputs));
            land(key, outputs);
            return true;
          });
      return before - own.size();
    }

    /**
     * Tells whether an answer is as this request wants it; one that another server kept, by another
     * engine for one, may not.
     */
    private boolean fits(SharedAnswers.Found answer) {
      List<String> names = answer.outputs().stream().map(Tensor::name).toList();
      return names.equals(request.outputs())
          && answer.outputs().stream().allMatch(this::isDeclared)
          && (!byRow || Rows.areIn(answer.outputs(), 1))
          && request
              .policy()
              .timeToLive()
              .filter(most -> answer.age().compareTo(most) >= 0)
              .isEmpty();
    }

    private boolean isDeclared(Tensor output) {
      return request.model().predictor().outputs().stream()
          .anyMatch(
              declared ->
                  declared.name().equals(output.name())
                      && declared.datatype() == output.datatype()
                      && declared.shape().accepts(output.shape()));
    }

    private void lookedUp(int sharedHits) {
      lookupNanos = System.nanoTime() - started;
      count(sharedHits);
      if (own.isEmpty()) {
        awaitFollowed(Optional.empty());
      } else {
        compute();
      }
    }

    private void lookUp() {
      for (int i = 0; i < keys.size(); i++) {
        CacheKey key = keys.get(i);
        Optional<List<Tensor>> found = find(key);
        answers.add(found);
        if (found.isEmpty()) {
          take(i, key);
        }
      }
    }

    private Optional<List<Tensor>> find(CacheKey key) {
      return request.force() ? Optional.empty() : cache.find(key, request.policy());
    }

    /** Sees to a key whose answer is not there: computes it, or waits for the one who does. */
    private void take(int index, CacheKey key) {
      Flight present = mine.get(key);
      if (present == null) {
        Flight flight = new Flight();
        mine.put(key, flight);
        present = flights.putIfAbsent(key, flight);
        if (present == null) {
          own.add(index);
          // Its last computation may have ended since it was looked for.
          Optional<List<Tensor>> found = find(key);
          if (found.isPresent()) {
            own.remove(own.size() - 1);
            answers.set(index, found);
            land(key, found.get());
          }
          return;
        }
        mine.remove(key);
        if (!request.force()) {
          await();
        }
      }
      if (request.force()) {
        // Computed all the same; only nobody waits for this one.
        own.add(index);
      } else {
        followed.put(index, present);
      }
    }

    /** Counts this request, once, among those of the version that wait for others. */
    private void await() {
      if (!waits) {
        waits = true;
        int all = waiting.merge(digest, 1, Integer::sum);
        if (all > request.maxFollowers()) {
          throw QueueFullException.whileComputing(
              request.model().version().key().toString(), all - 1);
        }
      }
    }

    private void waitNoMore() {
      if (waits) {
        waits = false;
        waiting.computeIfPresent(digest, (key, all) -> all == 1 ? null : all - 1);
      }
    }

    private void count(int sharedHits) {
      if (!request.force()) {
        CacheFigures figures = cache.figures(digest);
        figures.hit(keys.size() - own.size());
        figures.sharedHit(sharedHits);
        figures.missed(own.size());
        request.model().statistics().lookedUp(own.isEmpty(), lookupNanos);
      }
    }

    private void compute() {
      Execution.Receiver computed =
          new Execution.Receiver() {
            @Override
            public void answered(Answer answer) {
              guard(() -> keep(answer));
            }

            @Override
            public void failed(RuntimeException failure) {
              fail(failure);
            }
          };
      List<Tensor> missing =
          own.size() == keys.size()
              ? request.inputs()
              : Rows.select(Rows.split(request.inputs(), keys.size()), own);
      request.engine().compute(missing, computed);
    }

    private void keep(Answer answer) {
      if (!byRow) {
        List<Tensor> whole = answer.outputs().stream().map(Rows::copy).toList();
        put(0, whole);
        share();
        receiver.answered(answer, new Lookup(false, lookupNanos));
        return;
      }
      if (!Rows.areIn(answer.outputs(), own.size())) {
        wholeOnly.add(digest);
        abandon(new IllegalStateException("the answer has not a row for every row"));
        if (own.size() == keys.size()) {
          receiver.answered(answer, new Lookup(false, lookupNanos));
        } else {
          again();
        }
        return;
      }
      List<List<Tensor>> split = Rows.split(answer.outputs(), own.size());
      for (int i = 0; i < own.size(); i++) {
        int row = i;
        put(own.get(i), split.stream().map(output -> Rows.copy(output.get(row))).toList());
      }
      share();
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

    /** Shares what was computed. */
    private void share() {
      Map<CacheKey, List<Tensor>> computed = new HashMap<>();
      own.forEach(index -> computed.put(keys.get(index), answers.get(index).orElseThrow()));
      shared.put(computed, request.policy().timeToLive());
    }

    private void land(CacheKey key, List<Tensor> outputs) {
      Flight flight = mine.remove(key);
      if (flight != null) {
        flights.remove(key, flight);
        flight.answer.complete(outputs);
      }
    }

    /**
     * Waits no more, and tells those who wait for what this request was to compute that they wait
     * in vain.
     */
    private void abandon(RuntimeException failure) {
      waitNoMore();
      mine.forEach(flights::remove);
      mine.values().forEach(flight -> flight.answer.completeExceptionally(failure));
      mine.clear();
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
                  (done, failure) ->
                      guard(
                          () -> {
                            waitNoMore();
                            if (failure != null) {
                              again();
                            } else {
                              finish(computed);
                            }
                          }));
    }

    private void again() {
      if (tries > 1) {
        new Attempt(request, receiver, tries - 1).begin();
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
      request.engine().compute(request.inputs(), alone);
    }

    private void finish(Optional<Answer> computed) {
      followed.forEach((index, flight) -> answers.set(index, Optional.of(flight.answer.join())));
      List<Tensor> outputs = assemble();
      long rows = computed.map(Answer::batchRows).orElse(0L);
      Timings timings = computed.map(Answer::timings).orElse(new Timings(0, 0, 0));
      if (computed.isEmpty()) {
        request
            .model()
            .statistics()
            .answeredFromCache(clock.millis(), System.nanoTime() - request.arrivedNanos());
      }
      receiver.answered(
          new Answer(outputs, rows, timings), new Lookup(computed.isEmpty(), lookupNanos));
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
