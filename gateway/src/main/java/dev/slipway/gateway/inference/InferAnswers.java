package dev.slipway.gateway.inference;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.inference.InferParameter;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.inference.ModelInferResponse.InferOutputTensor;
import io.javalin.http.Context;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import java.util.UUID;

/**
 * Writes answers of models: JSON, and behind it the bytes of those outputs that come back as such,
 * in their order.
 */
final class InferAnswers {
  private static final String BYTES = "application/octet-stream";

  private InferAnswers() {}

  /**
   * Answers a request.
   *
   * @throws io.javalin.http.HttpResponseException if an output has no form in JSON and was not
   *     asked for as bytes
   */
  static void answer(Context context, ModelInferResponse answer, BinaryOutputs binary)
      throws IOException {
    boolean anyBinary = false;
    for (int i = 0; i < answer.getOutputsCount(); i++) {
      InferOutputTensor output = answer.getOutputs(i);
      if (binary.contains(output.getName())) {
        anyBinary = true;
      } else {
        JsonOutput.check(
            output.getName(),
            DataType.valueOf(output.getDatatype()),
            answer.getRawOutputContents(i));
      }
    }
    if (!anyBinary) {
      context.contentType(JsonAnswers.JSON);
      writeJson(context.outputStream(), answer, binary);
      return;
    }
    ByteArrayOutputStream json = new ByteArrayOutputStream();
    writeJson(json, answer, binary);
    context.contentType(BYTES).header(InferEndpoint.JSON_LENGTH, Integer.toString(json.size()));
    try (OutputStream out = context.outputStream()) {
      json.writeTo(out);
      for (int i = 0; i < answer.getOutputsCount(); i++) {
        if (binary.contains(answer.getOutputs(i).getName())) {
          answer.getRawOutputContents(i).writeTo(out);
        }
      }
    }
  }

  private static void writeJson(OutputStream out, ModelInferResponse answer, BinaryOutputs binary)
      throws IOException {
    try (JsonGenerator json = JsonAnswers.open(out)) {
      json.writeStartObject();
      json.writeStringField("model_name", answer.getModelName());
      json.writeStringField("model_version", answer.getModelVersion());
      // Some clients cannot do without one.
      json.writeStringField(
          "id", answer.getId().isEmpty() ? UUID.randomUUID().toString() : answer.getId());
      writeParameters(json, answer.getParametersMap());
      json.writeArrayFieldStart("outputs");
      for (int i = 0; i < answer.getOutputsCount(); i++) {
        writeOutput(json, answer, i, binary);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
  }

  private static void writeOutput(
      JsonGenerator json, ModelInferResponse answer, int index, BinaryOutputs binary)
      throws IOException {
    InferOutputTensor output = answer.getOutputs(index);
    json.writeStartObject();
    json.writeStringField("name", output.getName());
    json.writeStringField("datatype", output.getDatatype());
    json.writeArrayFieldStart("shape");
    for (long size : output.getShapeList()) {
      json.writeNumber(size);
    }
    json.writeEndArray();
    if (binary.contains(output.getName())) {
      json.writeObjectFieldStart("parameters");
      json.writeNumberField("binary_data_size", answer.getRawOutputContents(index).size());
      json.writeEndObject();
    } else {
      json.writeFieldName("data");
      JsonOutput.write(
          json, DataType.valueOf(output.getDatatype()), answer.getRawOutputContents(index));
    }
    json.writeEndObject();
  }

  private static void writeParameters(JsonGenerator json, Map<String, InferParameter> parameters)
      throws IOException {
    json.writeObjectFieldStart("parameters");
    for (Map.Entry<String, InferParameter> entry : parameters.entrySet()) {
      InferParameter value = entry.getValue();
      json.writeFieldName(entry.getKey());
      switch (value.getParameterChoiceCase()) {
        case BOOL_PARAM -> json.writeBoolean(value.getBoolParam());
        case INT64_PARAM -> json.writeNumber(value.getInt64Param());
        case UINT64_PARAM -> JsonAnswers.writeUnsigned(json, value.getUint64Param());
        case DOUBLE_PARAM -> json.writeNumber(value.getDoubleParam());
        case STRING_PARAM -> json.writeString(value.getStringParam());
        case PARAMETERCHOICE_NOT_SET -> json.writeNull();
      }
    }
    json.writeEndObject();
  }
}
