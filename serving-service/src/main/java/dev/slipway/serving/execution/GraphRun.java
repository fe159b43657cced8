package dev.slipway.serving.execution;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.execution.Execution.Answer;
import dev.slipway.serving.execution.Execution.Conditions;
import dev.slipway.serving.execution.Execution.GraphTimings;
import dev.slipway.serving.execution.Execution.Timings;
import dev.slipway.serving.execution.StepGraph.Origin;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;

/**
 * One request on its way through the steps of a pipeline. Only the steps that its outputs need are
 * run. After a failure no further step is begun, those that wait for an engine are dropped, and the
 * outcome is told when the last one that was begun has ended: until then engines may read the
 * request's bytes. Thread-safe.
 */
final class GraphRun {
  private final StepGraph graph;
  private final Execution request;
  private final Set<Integer> needed = new HashSet<>();
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final Map<Origin, Tensor> tensors = new HashMap<>();

  /** By step: how many of those that feed it have not answered yet. */
  @GuardedBy("lock")
  private final Map<Integer, Integer> missing = new HashMap<>();

  @GuardedBy("lock")
  private final Deque<Integer> ready = new ArrayDeque<>();

  @GuardedBy("lock")
  private final List<StepTiming> timings = new ArrayList<>();

  @GuardedBy("lock")
  private int inFlight;

  @GuardedBy("lock")
  private long coveredSince;

  @GuardedBy("lock")
  private long coveredNanos;

  @GuardedBy("lock")
  private boolean over;

  /** Written under the lock; read without it by engines that ask whether anybody still waits. */
  private volatile RuntimeException failure;

  GraphRun(StepGraph graph, Execution request) {
    this.graph = graph;
    this.request = request;
  }

  void start() {
    synchronized (lock) {
      for (Tensor input : request.inputs()) {
        tensors.put(new Origin(StepGraph.REQUEST, input.name()), input);
      }
      request.outputs().forEach(output -> need(graph.output(output).step()));
      for (int step : needed.stream().sorted().toList()) {
        int feeders = graph.feeders(step).size();
        missing.put(step, feeders);
        if (feeders == 0) {
          ready.addLast(step);
        }
      }
    }
    drive(false);
  }

  /** Notes a step and all that feed it; before any is begun. */
  private void need(int step) {
    if (needed.add(step)) {
      graph.feeders(step).forEach(this::need);
    }
  }

  /**
   * Begins steps until none is ready; whoever finds that the last one has ended tells it.
   *
   * @param handOver whether every step is handed over, because this thread serves all pipelines
   */
  private void drive(boolean handOver) {
    while (true) {
      List<Integer> begun;
      synchronized (lock) {
        begun = failure == null ? List.copyOf(ready) : List.of();
        ready.clear();
        if (begun.isEmpty()) {
          if (inFlight > 0 || over) {
            return;
          }
          over = true;
          break;
        }
        if (inFlight == 0) {
          coveredSince = System.nanoTime();
        }
        inFlight += begun.size();
      }
      for (int i = 0; i < begun.size(); i++) {
        boolean last = i == begun.size() - 1;
        new Call(begun.get(i)).begin(handOver || !last);
      }
    }
    finish();
  }

  private void finish() {
    Answer answer;
    synchronized (lock) {
      if (failure != null) {
        answer = null;
      } else {
        List<Tensor> outputs = new ArrayList<>();
        for (String name : request.outputs()) {
          outputs.add(tensors.get(graph.output(name)).withName(name));
        }
        long now = System.nanoTime();
        answer =
            new Answer(
                outputs,
                request.rows(),
                new Timings(
                    request.offeredNanos() - request.arrivedNanos(),
                    0,
                    now - request.offeredNanos()),
                new GraphTimings(timings, coveredNanos));
      }
    }
    if (answer == null) {
      request.fail(failure);
    } else {
      request.answer(answer);
    }
  }

  /** One call of one step. */
  private final class Call implements StepEngine.Receiver {
    private final int index;
    private final StepGraph.Step step;
    private final Thread caller = Thread.currentThread();
    private final long begun = System.nanoTime();

    /** Only meant for the calling thread. */
    private boolean returned;

    Call(int index) {
      this.index = index;
      this.step = graph.steps().get(index);
    }

    void begin(boolean handOver) {
      try {
        List<Tensor> inputs = new ArrayList<>(step.inputs().size());
        synchronized (lock) {
          for (Map.Entry<String, Origin> input : step.inputs().entrySet()) {
            Tensor tensor = tensors.get(input.getValue());
            // An input that the caller may leave out, and did.
            if (tensor != null) {
              inputs.add(tensor.withName(input.getKey()));
            }
          }
        }
        Conditions whole = request.conditions();
        Conditions conditions =
            new Conditions(
                whole.deadlineNanos(),
                () -> failure != null || whole.callerGone().getAsBoolean(),
                whole.forceCompute(),
                handOver || whole.handOver());
        step.engine().compute(inputs, step.outputs(), request.parameters(), conditions, this);
      } catch (Throwable e) {
        // An Error too: nobody else would tell the caller.
        failed(e instanceof RuntimeException known ? known : new IllegalStateException(e));
      } finally {
        returned = true;
      }
    }

    @Override
    public void answered(Answer answer, long cacheNanos, boolean cacheHit) {
      long took = System.nanoTime() - begun;
      synchronized (lock) {
        for (Tensor output : answer.outputs()) {
          tensors.put(new Origin(index, output.name()), output);
        }
        long net = took - answer.graph().coveredNanos();
        timings.add(
            new StepTiming(
                step.name(),
                request.rows(),
                net,
                cacheHit ? new Timings(0, 0, 0) : own(answer),
                cacheHit ? net : cacheNanos));
        answer.graph().steps().forEach(inner -> timings.add(inner.within(step.name().step())));
        for (int follower : graph.followers(index)) {
          if (needed.contains(follower) && missing.merge(follower, -1, Integer::sum) == 0) {
            ready.addLast(follower);
          }
        }
        ended();
      }
      goOn();
    }

    /** A pipeline computes nothing itself. */
    private Timings own(Answer answer) {
      Timings timed = answer.timings();
      return answer.graph().steps().isEmpty()
          ? timed
          : new Timings(timed.assembly(), timed.queue(), 0);
    }

    @Override
    public void failed(RuntimeException cause) {
      synchronized (lock) {
        if (failure == null) {
          failure =
              cause instanceof ServiceException known
                  ? StepFailedException.of(graph.version(), step.name().step(), known)
                  : new PredictionFailedException(
                      graph.version(),
                      "step \"" + step.name().step() + "\" failed: " + cause,
                      cause);
        }
        ended();
      }
      goOn();
    }

    @GuardedBy("lock")
    private void ended() {
      inFlight--;
      if (inFlight == 0) {
        coveredNanos += System.nanoTime() - coveredSince;
      }
    }

    private void goOn() {
      if (Thread.currentThread() == caller && !returned) {
        // The loop that called it goes on by itself.
        return;
      }
      try {
        graph.executor().execute(() -> drive(true));
      } catch (RejectedExecutionException e) {
        // The server stops.
        drive(true);
      }
    }
  }
}
