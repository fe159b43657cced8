package dev.slipway.cli.batch;

import com.google.rpc.Status;
import dev.slipway.cli.batch.PredictionStream.Reply;
import dev.slipway.cli.client.BackOff;
import dev.slipway.cli.client.Counts;
import dev.slipway.client.SlipwayClient;
import dev.slipway.gateway.scoring.InputRows;
import dev.slipway.gateway.scoring.ScoringException;
import dev.slipway.gateway.scoring.ScoringInputs;
import dev.slipway.serving.v1.OutputForm;
import dev.slipway.serving.v1.ParameterValue;
import dev.slipway.serving.v1.PredictOptions;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictResponse;
import dev.slipway.serving.v1.PredictStreamOpen;
import dev.slipway.serving.v1.PredictStreamResponse;
import dev.slipway.serving.v1.ServingServiceGrpc;
import dev.slipway.serving.v1.VersionSelector;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Sends the rows of a file through a prediction stream, with a bounded number of requests between
 * reading and writing. What the server cannot do for the moment is asked again. Of one thread.
 */
final class BatchRun implements AutoCloseable {
  /** Requests in the output before others that precede them; a checkpoint lists them. */
  private static final int MOST_AHEAD = 1024;

  /** After so many rows of which none can be read, a file is taken for another than was meant. */
  private static final int ROWS_OF_A_WRONG_FILE = 10_000;

  private final SlipwayClient client;
  private final RowSource source;
  private final ScoringInputs inputs;
  private final BatchOptions options;
  private final BatchOutput output;
  private final BatchProgress progress;
  private final PredictStreamOpen open;
  private final int maxInFlight;
  private final BackOff backOff;

  /** Read and not yet in the output, by first row, in the order of the file. */
  private final Map<Long, Chunk> window = new LinkedHashMap<>();

  private Optional<PredictionStream> stream = Optional.empty();
  private long rowsRead;

  /** Whether a row could be read as the model's inputs, in an earlier run perhaps. */
  private boolean readable;

  /** Why the first row without a prediction could not be read. */
  private Optional<String> firstFault = Optional.empty();

  private boolean atEnd;

  /**
   * Prepares a run.
   *
   * @param inputs how rows are read for the version
   * @param model registered name
   * @param version that answers
   * @param parameters of all predictions
   * @param output perhaps with the rows of an earlier run
   * @param maxInFlight requests that are read and not yet in the output, from 1
   */
  BatchRun(
      SlipwayClient client,
      RowSource source,
      ScoringInputs inputs,
      String model,
      long version,
      BatchOptions options,
      Map<String, ParameterValue> parameters,
      BatchOutput output,
      BatchProgress progress,
      int maxInFlight,
      BackOff backOff) {
    this.client = client;
    this.source = source;
    this.inputs = inputs;
    this.options = options;
    this.output = output;
    this.progress = progress;
    this.maxInFlight = maxInFlight;
    this.backOff = backOff;
    this.readable = output.hasReadable();
    this.open =
        PredictStreamOpen.newBuilder()
            .setModel(model)
            .setSelector(VersionSelector.newBuilder().setVersion(version))
            .addAllOutputs(options.outputs())
            .putAllParameters(parameters)
            .setOptions(
                PredictOptions.newBuilder()
                    .setOutputForm(OutputForm.OUTPUT_FORM_DATA_FRAME)
                    // Also where one faulty row ends the run: its number is to be told.
                    .setRowErrors(true))
            .setMaxInFlight(maxInFlight)
            .build();
  }

  /**
   * Predicts for all rows that the output lacks, and completes it.
   *
   * @throws StatusRuntimeException if the server refuses, or does not answer for too long
   * @throws ScoringException if no row can be read, or one has no prediction and is not kept
   */
  void run() throws IOException, InterruptedException {
    while (true) {
      read();
      write();
      progress.update(source.progress(), output.rows());
      if (window.values().stream().allMatch(Chunk::isAnswered)) {
        if (atEnd && window.isEmpty()) {
          break;
        }
        if (!window.isEmpty() && (atEnd || isFull())) {
          // No row could be asked about, and none is written before the columns are known.
          if (!options.rowErrors()) {
            throw new ScoringException(
                window.values().iterator().next().firstFault().orElseThrow());
          }
          learnColumns();
        }
      } else {
        receive();
      }
    }
    requireReadable();
    if (!output.hasColumns()) {
      learnColumns();
    }
    output.complete();
  }

  /** Refuses a file of which nothing can be read: its output would be a list of errors. */
  private void requireReadable() throws IOException {
    if (rowsRead > 0 && !readable) {
      output.discard();
      throw new ScoringException(
          "of its %s%s none can be read as the model's inputs; is it the right file?%s"
              .formatted(
                  atEnd ? "" : "first ",
                  Counts.of(rowsRead, "row"),
                  firstFault.map(fault -> " " + fault).orElse("")));
    }
  }

  private boolean isFull() {
    return window.size() >= maxInFlight
        || (!window.isEmpty() && output.requestsAhead() >= MOST_AHEAD);
  }

  /** Reads and sends as much as may be under way. */
  private void read() throws IOException, InterruptedException {
    while (!atEnd && !isFull()) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      InputRows rows = source.next(options.rowsPerRequest());
      long firstRow = rowsRead;
      rowsRead += rows.size();
      atEnd = rows.size() == 0;
      if (!atEnd && !output.has(firstRow)) {
        Chunk chunk = new Chunk(firstRow, rows, inputs);
        window.put(firstRow, chunk);
        chunk.request().ifPresent(this::send);
        readable |= chunk.request().isPresent();
        firstFault = firstFault.or(chunk::firstFault);
        if (rowsRead >= ROWS_OF_A_WRONG_FILE) {
          requireReadable();
        }
      }
    }
  }

  private void send(PredictRequest request) {
    if (stream.isEmpty()) {
      stream =
          Optional.of(
              new PredictionStream(ServingServiceGrpc.newStub(client.servingChannel()), open));
    }
    stream.get().send(request);
  }

  /** Takes what the server says; what it refuses at once is asked again together, after a pause. */
  private void receive() throws InterruptedException {
    List<Chunk> refused = new ArrayList<>();
    Optional<StatusRuntimeException> first = take(stream.orElseThrow().take(), refused);
    Optional<StatusRuntimeException> failure = takeReady(refused).or(() -> first);
    if (failure.isEmpty()) {
      return;
    }
    backOff.pause(failure.get());
    // What was refused meanwhile was sent before the pause too.
    takeReady(refused);
    List<Chunk> again = stream.isPresent() ? refused : List.copyOf(window.values());
    again.stream()
        .filter(chunk -> !chunk.isAnswered())
        .forEach(chunk -> chunk.request().ifPresent(this::send));
  }

  /** Takes what the server has said already; returns the last failure. */
  private Optional<StatusRuntimeException> takeReady(List<Chunk> refused) {
    Optional<StatusRuntimeException> last = Optional.empty();
    while (stream.isPresent()) {
      Optional<Reply> reply = stream.get().poll();
      if (reply.isEmpty()) {
        break;
      }
      Optional<StatusRuntimeException> failure = take(reply.get(), refused);
      last = failure.isPresent() ? failure : last;
    }
    return last;
  }

  /**
   * Takes a reply. After the end of the stream there is none.
   *
   * @param refused to which a refused chunk is added
   * @return the failure, if it is one that passes
   */
  private Optional<StatusRuntimeException> take(Reply reply, List<Chunk> refused) {
    if (reply.answer().isEmpty()) {
      close();
      stream = Optional.empty();
      return Optional.of(passing(reply.end().orElseThrow()));
    }
    PredictStreamResponse answer = reply.answer().get();
    Chunk chunk = window.get(Long.parseLong(answer.getId()));
    if (answer.hasError()) {
      refused.add(chunk);
      return Optional.of(passing(failure(chunk, answer.getError())));
    }
    backOff.answered();
    PredictResponse response = answer.getResponse();
    chunk.answer(response);
    output.setColumns(chunk.answerColumns().orElseThrow(), response.getProvenance());
    return Optional.empty();
  }

  private static StatusRuntimeException passing(StatusRuntimeException failure) {
    if (!BackOff.passes(failure)) {
      throw failure;
    }
    return failure;
  }

  private static StatusRuntimeException failure(Chunk chunk, Status error) {
    return StatusProto.toStatusRuntimeException(
        error.toBuilder().setMessage(chunk.describe() + ": " + error.getMessage()).build());
  }

  /** Writes what may be written: from the front, or all that is answered. */
  private void write() throws IOException {
    if (!output.hasColumns()) {
      return;
    }
    for (Iterator<Chunk> chunks = window.values().iterator(); chunks.hasNext(); ) {
      Chunk chunk = chunks.next();
      if (chunk.isAnswered()) {
        if (chunk.faultCount() > 0 && !options.rowErrors()) {
          throw new ScoringException(chunk.firstFault().orElseThrow());
        }
        output.write(chunk);
        chunks.remove();
      } else if (options.ordered()) {
        return;
      }
    }
  }

  /** Asks about one row of zeros and empty texts what answers look like. */
  private void learnColumns() throws InterruptedException {
    PredictRequest.Builder request =
        PredictRequest.newBuilder()
            .setModel(open.getModel())
            .setSelector(open.getSelector())
            .addAllOutputs(options.outputs())
            .putAllParameters(open.getParametersMap());
    request.getOptionsBuilder().setOutputForm(OutputForm.OUTPUT_FORM_DATA_FRAME);
    inputs.fill(1, request);
    PredictResponse answer = backOff.ask(() -> client.serving().predict(request.build()));
    output.setColumns(OutputColumn.of(answer.getDataFrame()), answer.getProvenance());
  }

  @Override
  public void close() {
    stream.ifPresent(PredictionStream::close);
  }
}
