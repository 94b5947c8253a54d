package io.fairlead.vertex.internal.storage;

import com.google.cloud.BaseServiceException;
import com.google.cloud.storage.StorageException;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.HttpStatus;
import io.fairlead.provider.ServerMessage;
import io.fairlead.vertex.VertexProvider;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import org.jspecify.annotations.Nullable;

/** The classification of Cloud Storage's failures; the only class that knows its codes. */
final class StorageErrors {
  private static final int BAD_REQUEST = 400;
  private static final int PRECONDITION_FAILED = 412;

  /** The credentials that are used, as a phrase. */
  private final String identity;

  StorageErrors(String identity) {
    this.identity = identity;
  }

  /** {@return a rejected or unanswered call as a ServingException} */
  ServingException failure(String what, BaseServiceException e) {
    IOException broken = broken(e);
    if (broken instanceof InterruptedIOException && !(broken instanceof SocketTimeoutException)) {
      Thread.currentThread().interrupt();
      return interrupted(what, e);
    }
    ErrorKind kind = broken == null ? HttpStatus.kind(e.getCode()) : kind(broken);
    return new ServingException(
        VertexProvider.ID, kind, what + " failed: " + reason(e, broken) + wayOut(kind, broken), e);
  }

  /** {@return whether the condition of a change no longer holds} */
  static boolean isOvertaken(BaseServiceException e) {
    return e.getCode() == PRECONDITION_FAILED;
  }

  static ServingException interrupted(String what, @Nullable Throwable cause) {
    return ServingException.builder(
            VertexProvider.ID,
            ErrorKind.CANCELLED,
            what + " was interrupted; whether it was done is not known")
        .cause(cause)
        .build();
  }

  /** {@return the exception that broke the connection, if there was no answer} */
  private static @Nullable IOException broken(BaseServiceException e) {
    if (e.getCode() >= BAD_REQUEST) {
      return null;
    }
    Throwable cause = e.getCause();
    while (cause != null) {
      if (cause instanceof IOException io) {
        return io;
      }
      cause = cause.getCause();
    }
    return null;
  }

  private static ErrorKind kind(IOException e) {
    return e instanceof SocketTimeoutException || e instanceof HttpTimeoutException
        ? ErrorKind.TIMEOUT
        : ErrorKind.UNAVAILABLE;
  }

  private static String reason(BaseServiceException e, @Nullable IOException broken) {
    if (broken != null) {
      return ServerMessage.quote(String.valueOf(broken));
    }
    String message = String.valueOf(e.getMessage());
    String quoted = ServerMessage.quote(message);
    return e instanceof StorageException && e.getCode() >= BAD_REQUEST
        ? quoted + " (" + e.getCode() + ")"
        : quoted;
  }

  private String wayOut(ErrorKind kind, @Nullable IOException broken) {
    return switch (kind) {
      case UNAUTHORIZED ->
        ". Tried " + identity + "; docs/vertex.md has the roles that it needs on the bucket";
      case TIMEOUT -> ". Whether it was done is not known";
      case UNAVAILABLE ->
        broken instanceof UnknownHostException
            ? ". Check the storageEndpoint: there is no such host"
            : "";
      default -> "";
    };
  }
}
