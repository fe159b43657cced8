package dev.slipway.cli.models;

import dev.slipway.cli.client.ClientOptions;
import dev.slipway.cli.client.InterruptibleWork;
import dev.slipway.cli.client.JsonOutput;
import dev.slipway.cli.client.ModelSpec;
import dev.slipway.cli.client.OutputFile;
import dev.slipway.client.SlipwayClient;
import dev.slipway.gateway.scoring.CsvAnswers;
import dev.slipway.gateway.scoring.NpyArray;
import dev.slipway.gateway.scoring.ScoringException;
import dev.slipway.gateway.scoring.ScoringInputs;
import dev.slipway.gateway.scoring.ScoringOutputs;
import dev.slipway.serving.v1.OutputForm;
import dev.slipway.serving.v1.ParameterValue;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictResponse;
import dev.slipway.serving.v1.ServingServiceGrpc.ServingServiceBlockingStub;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Predicts with a registered model. */
@Command(
    name = "predict",
    mixinStandardHelpOptions = true,
    description = {
      "Predicts with a registered model, and answers in the form of the input.",
      "",
      "  slipway predict digits --npy images.npy -o probabilities.npy",
      "  slipway predict churn@staging --csv customers.csv",
      "  slipway predict churn/7 --json '[{\"age\": 36, \"plan\": \"basic\"}]' --param"
          + " threshold=0.7"
    })
public final class PredictCommand implements Callable<Integer> {
  @Mixin private final ClientOptions services = new ClientOptions();

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      converter = ModelSpec.Converter.class,
      description = "The model: " + ModelSpec.FORMS + ". Default version: the one in Production.")
  private ModelSpec model;

  @ArgGroup(multiplicity = "1")
  private ModelInputs inputs;

  @Mixin private final ParameterOptions parameters = new ParameterOptions();

  @Option(
      names = "--outputs",
      paramLabel = "NAME",
      split = ",",
      description = "Outputs that are wanted, in this order. Default: all.")
  private List<String> outputs = List.of();

  @Option(
      names = "--answer",
      paramLabel = "FORM",
      description =
          "Form of the answer: json, csv, npy, or message for the service's own with"
              + " where it comes from. Default: that of the input.")
  private Form form;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description =
          "A file that appears when it is complete and replaces one of that name. Default:"
              + " standard output.")
  private Path output;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description =
          "The most that the calls may take together, a load included, from 1. Default:"
              + " ${DEFAULT-VALUE}.")
  private long timeoutSeconds;

  @Spec private CommandSpec spec;

  /** Is the form of an answer. */
  private enum Form {
    JSON,
    CSV,
    NPY,
    MESSAGE
  }

  @Override
  public Integer call() {
    if (timeoutSeconds < 1) {
      throw new ParameterException(spec.commandLine(), "--timeout must be at least 1 s");
    }
    return InterruptibleWork.run(
        spec.commandLine(),
        () -> {
          try (SlipwayClient client = services.connect()) {
            write(predict(client));
          } catch (ScoringException e) {
            throw new IOException(e.getMessage(), e);
          }
        });
  }

  private PredictResponse predict(SlipwayClient client) throws IOException {
    PredictRequest.Builder request =
        PredictRequest.newBuilder().setModel(model.model()).setSelector(model.selector());
    ServingServiceBlockingStub serving =
        client.serving().withDeadlineAfter(timeoutSeconds, TimeUnit.SECONDS);
    ScoringInputs reader = ModelInputs.of(serving, model);
    Map<String, ParameterValue> given = parameters.read(reader);
    inputs.read(reader, request);
    for (String name : given.keySet()) {
      if (request.containsParameters(name)) {
        throw new ScoringException(
            "the parameter " + name + " is given by --param and among the input's params");
      }
    }
    request.putAllParameters(given);
    request.addAllOutputs(outputs);
    request
        .getOptionsBuilder()
        .setOutputForm(
            switch (form()) {
              case CSV -> OutputForm.OUTPUT_FORM_DATA_FRAME;
              case NPY -> OutputForm.OUTPUT_FORM_TENSORS;
              case JSON, MESSAGE -> reader.outputForm();
            });
    return serving.predict(request.build());
  }

  private Form form() {
    return form == null ? Form.valueOf(inputs.form().name()) : form;
  }

  private void write(PredictResponse answer) throws IOException {
    if (output != null) {
      try (OutputFile file = OutputFile.create(output)) {
        write(answer, file.stream());
        file.complete();
      }
    } else if (form() == Form.NPY) {
      write(answer, OutputFile.standardOutput());
    } else {
      StringWriter text = new StringWriter();
      write(answer, text);
      PrintWriter out = spec.commandLine().getOut();
      out.print(text);
      out.flush();
    }
  }

  private void write(PredictResponse answer, OutputStream out) throws IOException {
    if (form() == Form.NPY) {
      NpyArray.write(answer, out);
      out.flush();
      return;
    }
    Writer text = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
    write(answer, text);
    text.flush();
  }

  private void write(PredictResponse answer, Writer text) throws IOException {
    switch (form()) {
      case CSV -> new CsvAnswers(text, true).write(answer);
      case MESSAGE -> {
        PrintWriter lines = new PrintWriter(text);
        JsonOutput.print(lines, answer);
        lines.flush();
      }
      default -> text.write(ScoringOutputs.json(answer) + "\n");
    }
  }
}
