package dev.slipway.tracking.rpc;

import com.google.protobuf.ByteString;
import dev.slipway.tracking.export.MetricFile;
import dev.slipway.tracking.export.MetricFileFormat;
import dev.slipway.tracking.export.MetricRows;
import dev.slipway.tracking.service.MetricExport;
import dev.slipway.tracking.v1.ExportMetricsResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;

/**
 * Sends an exported file in pieces, no faster than the client takes them: rows are read and written
 * only while the transport wants more. gRPC calls it from one thread at a time.
 */
final class ExportStream {
  private static final int PIECE_BYTES = 256 << 10;

  private final MetricExport export;
  private final ServerCallStreamObserver<ExportMetricsResponse> response;
  private final ByteString.Output written = ByteString.newOutput(PIECE_BYTES);
  private final MetricFile file;
  private ByteString unsent = ByteString.EMPTY;
  private boolean complete;
  private boolean closed;

  private ExportStream(
      MetricExport export,
      MetricFileFormat format,
      ServerCallStreamObserver<ExportMetricsResponse> response)
      throws IOException {
    this.export = export;
    this.response = response;
    this.file = format.open(written);
  }

  /** Begins to send; what remains is sent as the transport becomes ready. */
  static void start(
      MetricExport export,
      MetricFileFormat format,
      ServerCallStreamObserver<ExportMetricsResponse> response) {
    ExportStream stream;
    try {
      stream = new ExportStream(export, format, response);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    response.setOnReadyThreshold(2 * PIECE_BYTES);
    response.setOnCancelHandler(stream::close);
    response.setOnCloseHandler(stream::close);
    response.setOnReadyHandler(stream::send);
    stream.send();
  }

  private void send() {
    try {
      while (!closed && response.isReady()) {
        while (unsent.isEmpty() && !complete) {
          fill();
        }
        if (unsent.isEmpty()) {
          close();
          response.onCompleted();
          return;
        }
        ByteString piece = unsent.substring(0, Math.min(PIECE_BYTES, unsent.size()));
        unsent = unsent.substring(piece.size());
        response.onNext(ExportMetricsResponse.newBuilder().setData(piece).build());
      }
    } catch (IOException e) {
      close();
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Writes rows until there is a piece to send, or all of them. */
  private void fill() throws IOException {
    while (!complete && written.size() < PIECE_BYTES) {
      Optional<MetricRows> rows = export.next();
      if (rows.isPresent()) {
        file.append(rows.get());
      } else {
        file.finish();
        complete = true;
      }
    }
    unsent = written.toByteString();
    written.reset();
  }

  private void close() {
    if (!closed) {
      closed = true;
      unsent = ByteString.EMPTY;
      file.close();
    }
  }
}
