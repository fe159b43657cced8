package dev.slipway.serving.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.error.EngineUnavailableException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.Predictors;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorBuffers;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.serving.testing.RandomTensors;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class BatchRunnerTest {
  private final TensorBuffers buffers = new TensorBuffers(0);
  private final ModelStatistics statistics = new ModelStatistics();

  private BatchRunner runner(Predictor predictor) {
    return new BatchRunner("m/1", predictor, buffers, statistics, Clock.systemUTC());
  }

  private BatchRunner runner(UnaryOperator<Tensor> model) {
    return runner(new SinglePredictor(true, model));
  }

  private static Tensor x(float value) {
    return Tensor.ofFloats("x", Shape.of(1), value);
  }

  private static boolean isJoined(Tensor input) {
    return input.shape().dimension(0) > 1;
  }

  @Test
  void errorOnTheJoinedCall_eachIsRunAloneAndTheBatchsMemoryGivenBack() throws Exception {
    Outcome first = new Outcome();
    Outcome second = new Outcome();
    BatchRunner runner =
        runner(
            input -> {
              if (isJoined(input)) {
                throw new OutOfMemoryError("direct buffers");
              }
              return input;
            });

    runner.run(List.of(first.request(x(1), "y"), second.request(x(2), "y")));

    assertThat(first.get().outputs().get(0).toFloats()).containsExactly(1);
    assertThat(second.get().outputs().get(0).toFloats()).containsExactly(2);
    assertThat(buffers.leasedBytes()).isZero();
  }

  @Test
  void errorOnOneRequest_isItsFailure() {
    Outcome outcome = new Outcome();
    BatchRunner runner =
        runner(
            input -> {
              throw new StackOverflowError();
            });

    runner.run(List.of(outcome.request(x(1), "y")));

    assertThatThrownBy(outcome::get).hasCauseInstanceOf(PredictionFailedException.class);
    assertThat(statistics.fail().count()).isEqualTo(1);
  }

  @Test
  void engineThatIsAwayWhenTheDeadlineHasPassed_isTheCallersHaste() {
    Outcome late = new Outcome();
    Outcome inTime = new Outcome();
    AtomicLong deadline = new AtomicLong(System.nanoTime());
    BatchRunner runner =
        runner(
            input -> {
              while (System.nanoTime() - deadline.get() < 0) {
                LockSupport.parkNanos(deadline.get() - System.nanoTime());
              }
              throw new EngineUnavailableException("no answer");
            });

    runner.run(List.of(inTime.request(x(1), "y")));
    deadline.set(System.nanoTime() + TimeUnit.SECONDS.toNanos(2));
    runner.run(List.of(late.request(x(1), "y", deadline.get(), () -> false)));

    assertThatThrownBy(late::get)
        .hasCauseInstanceOf(ExpiredException.class)
        .hasMessageContaining("the deadline passed while m/1 ran");
    assertThat(statistics.expirations()).isEqualTo(1);
    assertThatThrownBy(inTime::get).hasCauseInstanceOf(EngineAwayException.class);
    assertThat(statistics.fail().count()).isEqualTo(1);
  }

  @Test
  void errorWhileAnAnswerIsHandedOver_isToldToThatCallerAndTheOthersAreAnswered() throws Exception {
    Outcome failing = new Outcome();
    Outcome other = new Outcome();
    Execution.Receiver receiver =
        new Execution.Receiver() {
          @Override
          public void answered(Execution.Answer answer) {
            throw new OutOfMemoryError("no room for the answer");
          }

          @Override
          public void failed(RuntimeException failure) {
            failing.failed(failure);
          }
        };
    Execution request =
        new Execution(
            List.of(x(1)),
            List.of("y"),
            Map.of(),
            Execution.Conditions.until(Execution.NO_DEADLINE, () -> false),
            receiver,
            System.nanoTime());

    runner(input -> input).run(List.of(request, other.request(x(2), "y")));

    assertThatThrownBy(failing::get).hasRootCauseInstanceOf(OutOfMemoryError.class);
    assertThat(other.get().batchRows()).isEqualTo(2);
  }

  @Test
  void callersWhoGiveUpWhileTheBatchIsRunOneByOne_areNotRun() throws Exception {
    AtomicBoolean gone = new AtomicBoolean();
    AtomicInteger alone = new AtomicInteger();
    Outcome first = new Outcome();
    Outcome second = new Outcome();
    BatchRunner runner =
        runner(
            input -> {
              if (isJoined(input)) {
                throw new IllegalStateException("not together");
              }
              alone.incrementAndGet();
              gone.set(true);
              return input;
            });

    runner.run(
        List.of(
            first.request(x(1), "y"), second.request(x(2), "y", Execution.NO_DEADLINE, gone::get)));

    assertThat(first.get().outputs()).hasSize(1);
    assertThatThrownBy(second::get).hasCauseInstanceOf(ExpiredException.class);
    assertThat(alone).hasValue(1);
    assertThat(statistics.expirations()).isEqualTo(1);
  }

  @Test
  void inputThatOnlyTheGraphRefuses_isItsCallersFaultAndTheBatchsOthersAreAnswered(
      @TempDir Path folder) throws Exception {
    ModelPackage gather =
        ModelPackage.builder(MLmodel.builder().flavor(Flavor.onnx("model.onnx", "1.23.2")).build())
            .file("model.onnx", Path.of("src/test/models/gather.onnx"))
            .writeTo(folder.resolve("gather"));
    Outcome good = new Outcome();
    Outcome offender = new Outcome();
    Outcome last = new Outcome();
    try (Predictor predictor = Predictors.load(gather)) {
      assertThat(predictor.batched()).isTrue();

      runner(predictor)
          .run(
              List.of(
                  good.request(Tensor.ofLongs("in", Shape.of(1), 3), "out"),
                  offender.request(Tensor.ofLongs("in", Shape.of(1), 99), "out"),
                  last.request(Tensor.ofLongs("in", Shape.of(2), 0, 1), "out")));
    }

    assertThat(good.get().outputs().get(0).toFloats()).containsExactly(3);
    assertThat(last.get().outputs().get(0).toFloats()).containsExactly(0, 1);
    assertThatThrownBy(offender::get)
        .hasCauseInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("the model refuses them");
  }

  static Stream<Arguments> answersThatAreNotAsDeclared() {
    Tensor right = Tensor.ofFloats("y", Shape.of(1), 1);
    return Stream.of(
        Arguments.of(List.of(), "y", "FP32 [-1] in its place", "nothing"),
        Arguments.of(List.of(right.withName("z")), "y", "FP32 [-1] in its place", "[z FP32 [1]]"),
        Arguments.of(List.of(right, right.withName("z")), "z", "left out", "z FP32 [1]"),
        Arguments.of(
            Collections.nCopies(21, right.withName("z")),
            "y",
            "FP32 [-1] in its place",
            Collections.nCopies(20, "z FP32 [1]") + " and 1 more"),
        Arguments.of(List.of(Tensor.ofInts("y", Shape.of(1), 1)), "y", "FP32 [-1]", "INT32 [1]"),
        Arguments.of(
            List.of(Tensor.ofFloats("y", Shape.of(1, 1), 1)), "y", "FP32 [-1]", "FP32 [1, 1]"));
  }

  @ParameterizedTest
  @MethodSource("answersThatAreNotAsDeclared")
  void answerThatIsNotAsDeclared_isTheModelsErrorAloneAndInCompany(
      List<Tensor> answer, String output, String expected, String found) {
    BatchRunner runner = runner(SinglePredictor.answering(input -> answer));
    List<Outcome> outcomes = List.of(new Outcome(), new Outcome(), new Outcome());

    runner.run(List.of(outcomes.get(0).request(x(1), "y")));
    runner.run(List.of(outcomes.get(1).request(x(2), "y"), outcomes.get(2).request(x(3), "y")));

    for (Outcome outcome : outcomes) {
      assertThatThrownBy(outcome::get)
          .cause()
          .isInstanceOfSatisfying(
              UnexpectedAnswerException.class,
              failure -> {
                assertThat(failure.kind()).isEqualTo(ErrorKind.INTERNAL);
                assertThat(failure.reason()).isEqualTo("UNEXPECTED_OUTPUT");
                assertThat(failure.metadata())
                    .containsExactlyInAnyOrderEntriesOf(
                        Map.of(
                            "model_version", "m/1",
                            "output", output,
                            "expected", expected,
                            "found", found));
              });
    }
    assertThat(statistics.fail().count()).isEqualTo(3);
    assertThat(buffers.leasedBytes()).isZero();
  }

  @Test
  void answerThatIsAsDeclaredOnlyAlone_endsJoining() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    BatchRunner runner =
        runner(
            input -> {
              calls.incrementAndGet();
              return isJoined(input) ? Tensor.ofFloats("y", Shape.of(1, 2), 0, 0) : input;
            });
    List<Outcome> outcomes = List.of(new Outcome(), new Outcome(), new Outcome(), new Outcome());

    runner.run(List.of(outcomes.get(0).request(x(1), "y"), outcomes.get(1).request(x(2), "y")));
    assertThat(calls).hasValue(3);
    assertThat(runner.joins()).isFalse();
    runner.run(List.of(outcomes.get(2).request(x(3), "y"), outcomes.get(3).request(x(4), "y")));
    assertThat(calls).hasValue(5);

    for (int i = 0; i < outcomes.size(); i++) {
      assertThat(outcomes.get(i).get().outputs().get(0).toFloats()).containsExactly(i + 1);
      assertThat(outcomes.get(i).get().batchRows()).isEqualTo(1);
    }
  }

  @Test
  void answerThatOneRequestSpoils_doesNotEndJoining() throws Exception {
    BatchRunner runner =
        runner(
            SinglePredictor.answering(
                input -> input.toFloats()[0] < 0 ? List.of() : List.of(input.withName("y"))));
    Outcome spoiler = new Outcome();
    Outcome other = new Outcome();
    Outcome third = new Outcome();
    Outcome fourth = new Outcome();

    runner.run(List.of(spoiler.request(x(-1), "y"), other.request(x(2), "y")));
    runner.run(List.of(third.request(x(3), "y"), fourth.request(x(4), "y")));

    assertThatThrownBy(spoiler::get).hasCauseInstanceOf(UnexpectedAnswerException.class);
    assertThat(other.get().batchRows()).isEqualTo(1);
    assertThat(third.get().batchRows()).isEqualTo(2);
    assertThat(fourth.get().batchRows()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1})
  void joinedAnswerWithRowsTooFewOrTooMany_isSplitForNobody(int more) throws Exception {
    AtomicInteger joined = new AtomicInteger();
    BatchRunner runner =
        runner(
            input -> {
              if (!isJoined(input)) {
                return input;
              }
              joined.incrementAndGet();
              int rows = (int) input.shape().dimension(0) + more;
              return Tensor.ofFloats("y", Shape.of(rows), new float[rows]);
            });
    List<Outcome> outcomes = List.of(new Outcome(), new Outcome(), new Outcome(), new Outcome());

    runner.run(List.of(outcomes.get(0).request(x(1), "y"), outcomes.get(1).request(x(2), "y")));
    assertThat(runner.joins()).isFalse();
    runner.run(List.of(outcomes.get(2).request(x(3), "y")));
    runner.run(List.of(outcomes.get(3).request(x(4), "y")));

    for (int i = 0; i < outcomes.size(); i++) {
      assertThat(outcomes.get(i).get().outputs().get(0).toFloats()).containsExactly(i + 1);
      assertThat(outcomes.get(i).get().batchRows()).isEqualTo(1);
    }
    assertThat(joined).hasValue(1);
    assertThat(statistics.fail().count()).isZero();
  }

  @ParameterizedTest
  @EnumSource(DataType.class)
  void joinedRequestsOfAnyDatatype_areAnsweredBitForBitAsAlone(DataType type, @TempDir Path folder)
      throws Exception {
    String file = "identity_" + type.name().toLowerCase(Locale.ROOT) + ".onnx";
    Random random = new Random(7);
    List<Tensor> inputs =
        Stream.generate(() -> RandomTensors.next(type, "in", 2, random)).limit(20).toList();
    List<Outcome> outcomes = inputs.stream().map(input -> new Outcome()).toList();
    List<Execution> requests = new ArrayList<>();
    long rows = 0;
    for (int i = 0; i < inputs.size(); i++) {
      requests.add(outcomes.get(i).request(inputs.get(i), "out"));
      rows += requests.get(i).rows();
    }
    try (Predictor predictor = Predictors.load(onnx(folder, file))) {
      runner(predictor).run(requests);
    }

    for (int i = 0; i < inputs.size(); i++) {
      assertThat(outcomes.get(i).get().batchRows()).isEqualTo(rows);
      assertThat(outcomes.get(i).get().outputs()).containsExactly(inputs.get(i).withName("out"));
    }
    assertThat(statistics.engineCalls()).isEqualTo(1);
  }

  private static ModelPackage onnx(Path folder, String file) {
    return ModelPackage.builder(
            MLmodel.builder().flavor(Flavor.onnx("model.onnx", "1.23.2")).build())
        .file("model.onnx", Path.of("src/test/models", file))
        .writeTo(folder.resolve("package"));
  }

  @Test
  void requestsThatDifferInMoreThanRows_areNotJoined() {
    Execution request = execution(Tensor.ofFloats("x", Shape.of(1, 2), 1, 2), "y", Map.of("p", 1L));

    assertThat(
            request.joinable(
                execution(
                    Tensor.ofFloats("x", Shape.of(2, 2), new float[4]), "y", Map.of("p", 1L))))
        .isTrue();
    for (Execution other :
        List.of(
            execution(Tensor.ofFloats("w", Shape.of(1, 2), 1, 2), "y", Map.of("p", 1L)),
            execution(Tensor.ofInts("x", Shape.of(1, 2), 1, 2), "y", Map.of("p", 1L)),
            execution(Tensor.ofFloats("x", Shape.of(1, 3), 1, 2, 3), "y", Map.of("p", 1L)),
            execution(Tensor.ofFloats("x", Shape.of(1, 2), 1, 2), "z", Map.of("p", 1L)),
            execution(Tensor.ofFloats("x", Shape.of(1, 2), 1, 2), "y", Map.of("p", 2L)),
            execution(Tensor.ofFloats("x", Shape.of(1, 2), 1, 2), "y", Map.of()))) {
      assertThat(request.joinable(other)).isFalse();
    }
  }

  @Test
  void deadlineOfACall_isTheLatestOfItsRequests() {
    SinglePredictor predictor = new SinglePredictor(true, UnaryOperator.identity());
    BatchRunner runner = runner(predictor);
    long soon = System.nanoTime() + TimeUnit.HOURS.toNanos(1);
    long later = soon + 1;

    runner.run(List.of(request(soon)));
    assertThat(predictor.deadlineNanos).isEqualTo(soon);
    runner.run(List.of(request(soon), request(later), request(soon)));
    assertThat(predictor.deadlineNanos).isEqualTo(later);
    runner.run(List.of(request(soon), request(Execution.NO_DEADLINE), request(soon)));
    assertThat(predictor.deadlineNanos).isEqualTo(Execution.NO_DEADLINE);
  }

  private static Execution request(long deadlineNanos) {
    return new Outcome().request(x(1), "y", deadlineNanos, () -> false);
  }

  private static Execution execution(Tensor input, String output, Map<String, Object> parameters) {
    return new Execution(
        List.of(input),
        List.of(output),
        parameters,
        Execution.Conditions.until(Execution.NO_DEADLINE, () -> false),
        new Outcome(),
        System.nanoTime());
  }
}
