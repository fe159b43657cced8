package dev.slipway.cli.models;

import dev.slipway.cli.client.ModelSpec;
import dev.slipway.gateway.scoring.CsvTables;
import dev.slipway.gateway.scoring.NpyArray;
import dev.slipway.gateway.scoring.ScoringException;
import dev.slipway.gateway.scoring.ScoringInputs;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.DescribeModelResponse;
import dev.slipway.serving.v1.LoadRequest;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.ServingServiceGrpc.ServingServiceBlockingStub;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Says what to predict from. An argument group of picocli; not thread-safe. */
public final class ModelInputs {
  /** More than any request may have, so that a wrong file is not read to its end. */
  private static final int MAX_BYTES = 256 << 20;

  @Option(
      names = "--json",
      paramLabel = "JSON|FILE",
      description = {
        "Rows as JSON, in the forms of MLflow's scoring server: a list, or an object with one of",
        "dataframe_split, dataframe_records, instances and inputs, and perhaps params.",
        "Text that begins with [ or {, a file, or - for standard input."
      })
  private String json;

  @Option(
      names = "--csv",
      paramLabel = "FILE",
      description = "Rows as CSV whose first line names the columns; - for standard input.")
  private String csv;

  @Option(
      names = "--npy",
      paramLabel = "FILE",
      description = "The only input tensor as NumPy's NPY; - for standard input.")
  private String npy;

  /** Is the form of what was given. */
  enum Form {
    JSON,
    CSV,
    NPY
  }

  /** Returns the form of what was given. */
  Form form() {
    if (csv != null) {
      return Form.CSV;
    }
    return npy == null ? Form.JSON : Form.NPY;
  }

  /**
   * Reads it into a request.
   *
   * @throws ScoringException if it does not suit the model
   */
  void read(ScoringInputs inputs, PredictRequest.Builder request) throws IOException {
    switch (form()) {
      case JSON -> {
        boolean text = json.startsWith("[") || json.startsWith("{");
        inputs.readJson(text ? json : new String(bytes(json), StandardCharsets.UTF_8), request);
      }
      case CSV -> {
        try (CsvTables tables = new CsvTables(new StringReader(text(csv)))) {
          if (tables.read(Integer.MAX_VALUE, inputs, request) == 0) {
            throw new ScoringException("the CSV has no rows");
          }
        }
      }
      case NPY -> NpyArray.read(new ByteArrayInputStream(bytes(npy)), inputs, request);
    }
  }

  private static String text(String file) throws IOException {
    String text = new String(bytes(file), StandardCharsets.UTF_8);
    // Excel begins UTF-8 with a mark that is not part of the text.
    return text.startsWith("\uFEFF") ? text.substring(1) : text;
  }

  private static byte[] bytes(String file) throws IOException {
    try (InputStream in = file.equals("-") ? System.in : Files.newInputStream(Path.of(file))) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new IOException(
            file + " is larger than the " + (MAX_BYTES >> 20) + " MiB that one request may have");
      }
      return bytes;
    }
  }

  /** Returns how requests for a version are made; loads it where only the loaded model tells. */
  public static ScoringInputs of(ServingServiceBlockingStub serving, ModelSpec spec) {
    DescribeModelResponse model = describe(serving, spec);
    if (!model.getSignature().getInputs().hasColumns() && model.getInputsCount() == 0) {
      var unused =
          serving.load(
              LoadRequest.newBuilder().setModel(spec.model()).setSelector(spec.selector()).build());
      model = describe(serving, spec);
    }
    return new ScoringInputs(model);
  }

  /** Tells all about a version. */
  public static DescribeModelResponse describe(ServingServiceBlockingStub serving, ModelSpec spec) {
    return serving.describeModel(
        DescribeModelRequest.newBuilder()
            .setModel(spec.model())
            .setSelector(spec.selector())
            .build());
  }
}
