package dev.slipway.cli.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.PreconditionFailure;
import dev.slipway.client.TransferException;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.util.List;

/** Tells people why a call failed: code, reason, the fields that were wrong, and what to do. */
public final class Failures {
  private Failures() {}

  /** Prints a failure, without a stack trace. */
  public static void print(PrintWriter err, StatusRuntimeException failure) {
    err.println("slipway: " + failure.getStatus().getCode() + ": " + describe(failure));
    printDetails(err, failure);
  }

  /** Prints why a transfer failed: what the service said, or the local disk. */
  public static void print(PrintWriter err, IOException failure) {
    if (failure instanceof TransferException transfer) {
      err.println("slipway: " + transfer.getMessage());
      printDetails(err, transfer);
    } else {
      String name = failure.getClass().getSimpleName();
      err.println(
          "slipway: "
              + (name.equals("IOException") ? "" : name + ": ")
              + String.valueOf(failure.getMessage()));
      err.flush();
    }
  }

  /** Prints that somebody told the command to stop. */
  public static void printInterrupted(PrintWriter err) {
    err.println("slipway: interrupted");
    err.flush();
  }

  private static void printDetails(PrintWriter err, Throwable failure) {
    com.google.rpc.Status status = StatusProto.fromThrowable(failure);
    for (Any detail : status == null ? List.<Any>of() : status.getDetailsList()) {
      print(err, detail);
    }
    err.flush();
  }

  private static String describe(StatusRuntimeException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ConnectException
          || cause instanceof UnknownHostException
          || cause instanceof UnresolvedAddressException) {
        return "no server answers ("
            + cause.getMessage()
            + "): start one with `slipway server`, or say where it is with --server";
      }
    }
    Status status = failure.getStatus();
    return status.getDescription() == null ? "the server gave no reason" : status.getDescription();
  }

  private static void print(PrintWriter err, Any detail) {
    try {
      if (detail.is(ErrorInfo.class)) {
        err.println("  reason: " + detail.unpack(ErrorInfo.class).getReason());
      } else if (detail.is(BadRequest.class)) {
        detail
            .unpack(BadRequest.class)
            .getFieldViolationsList()
            .forEach(v -> err.println("  " + v.getField() + ": " + v.getDescription()));
      } else if (detail.is(PreconditionFailure.class)) {
        detail
            .unpack(PreconditionFailure.class)
            .getViolationsList()
            .forEach(v -> err.println("  " + v.getSubject() + ": " + v.getDescription()));
      }
    } catch (InvalidProtocolBufferException e) {
      err.println("  (a detail of the error cannot be read)");
    }
  }
}
