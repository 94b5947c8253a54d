package io.fairlead.azureml.internal.storage;

import com.azure.core.exception.ClientAuthenticationException;
import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpResponse;
import com.azure.storage.blob.models.BlobStorageException;
import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Redacted;
import io.fairlead.provider.HttpStatus;
import io.fairlead.provider.ServerMessage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The classification of Blob Storage's failures; the only class that knows its codes. */
final class BlobErrors {
  /** The role that may list, write and delete blobs. */
  static final String ROLE = "\"Storage Blob Data Contributor\"";

  private static final int NOT_FOUND = 404;
  private static final int CONFLICT = 409;
  private static final int PRECONDITION_FAILED = 412;

  private static final HttpHeaderName REQUEST_ID = HttpHeaderName.fromString("x-ms-request-id");
  private static final HttpHeaderName CODE = HttpHeaderName.fromString("x-ms-error-code");

  private static final Pattern MESSAGE =
      Pattern.compile("<Message>(.*?)(?:\\s*RequestId:.*?)?</Message>", Pattern.DOTALL);
  private static final Pattern SIGNED = Pattern.compile("(?i)sig=|signature");
  private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}");

  private final BlobContainer container;

  BlobErrors(BlobContainer container) {
    this.container = container;
  }

  /** Makes a call; the message of a failure begins with {@code what}. */
  <T> T call(String what, Supplier<T> call) {
    try {
      return call.get();
    } catch (ServingException e) {
      throw e;
    } catch (RuntimeException e) {
      throw failure(what, e);
    }
  }

  /** Makes a conditional change. If the condition no longer holds, the reconciler's next read will show it. */
  void unlessOvertaken(String what, Runnable change) {
    call(what, () -> {
      try {
        change.run();
      } catch (BlobStorageException e) {
        if (!isOvertaken(e)) {
          throw e;
        }
      }
      return container;
    });
  }

  /** Not a lease of somebody else, which is a failed condition too. */
  private static boolean isOvertaken(BlobStorageException e) {
    String code = code(e);
    return switch (e.getStatusCode()) {
      case PRECONDITION_FAILED -> !code.startsWith("Lease");
      case CONFLICT -> code.equals("BlobAlreadyExists");
      case NOT_FOUND -> code.equals("BlobNotFound");
      default -> false;
    };
  }

  /** {@return a call that was rejected or got no answer as a ServingException} */
  private ServingException failure(String what, RuntimeException e) {
    if (e instanceof BlobStorageException answer) {
      return rejected(what, answer);
    }
    if (isInterrupted(e)) {
      Thread.currentThread().interrupt();
      return interrupted(what, shown(e));
    }
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      Optional<ErrorKind> kind = kind(cause);
      if (kind.isPresent()) {
        return unanswered(what, kind.get(), cause);
      }
    }
    return unanswered(what, ErrorKind.UNKNOWN, e);
  }

  /** {@return whether an interrupt is the reason; what waits for a token wraps it, and clears the flag} */
  private static boolean isInterrupted(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof InterruptedException
          || (cause instanceof InterruptedIOException
              && !(cause instanceof SocketTimeoutException))) {
        return true;
      }
    }
    return false;
  }

  private static Optional<ErrorKind> kind(Throwable cause) {
    if (cause instanceof HttpTimeoutException
        || cause instanceof SocketTimeoutException
        || cause instanceof TimeoutException) {
      return Optional.of(ErrorKind.TIMEOUT);
    }
    if (cause instanceof ClientAuthenticationException) {
      return Optional.of(ErrorKind.UNAUTHORIZED);
    }
    return cause instanceof IOException ? Optional.of(ErrorKind.UNAVAILABLE) : Optional.empty();
  }

  private ServingException unanswered(String what, ErrorKind kind, Throwable e) {
    boolean noHost =
        e instanceof UnknownHostException || e.getCause() instanceof UnresolvedAddressException;
    return ServingException.builder(
            AzureMlProvider.ID,
            kind,
            what + " failed: " + quoted(String.valueOf(e))
                + (noHost ? ". There is no such host: check the datastore's account" : "")
                + wayOut(kind))
        .cause(shown(e))
        .build();
  }

  static ServingException interrupted(String what, @Nullable Throwable cause) {
    return ServingException.builder(
            AzureMlProvider.ID,
            ErrorKind.CANCELLED,
            what + " was interrupted; whether it was done is not known")
        .cause(cause)
        .build();
  }

  private ServingException rejected(String what, BlobStorageException e) {
    String code = code(e);
    HttpResponse answer = e.getResponse();
    ErrorKind kind = kind(e.getStatusCode(), code);
    return ServingException.builder(
            AzureMlProvider.ID, kind, what + " failed: " + reason(e, code) + wayOut(kind))
        .cause(shown(e))
        .requestId(answer == null ? null : answer.getHeaderValue(REQUEST_ID))
        .retryAfter(retryAfter(answer).orElse(null))
        .build();
  }

  private static String code(BlobStorageException e) {
    HttpResponse answer = e.getResponse();
    String code = answer == null ? null : answer.getHeaderValue(CODE);
    return code == null
        ? Optional.ofNullable(e.getErrorCode()).map(String::valueOf).orElse("")
        : code;
  }

  private static ErrorKind kind(int status, String code) {
    return switch (code) {
      case "ServerBusy" -> ErrorKind.THROTTLED;
      case "OperationTimedOut" -> ErrorKind.TIMEOUT;
      // The bytes were damaged on the way.
      case "Md5Mismatch" -> ErrorKind.UNAVAILABLE;
      // Another upload of the same file was committed meanwhile, which drops all other blocks.
      case "InvalidBlockList" -> ErrorKind.CONFLICT;
      default -> HttpStatus.kind(status);
    };
  }

  private String reason(BlobStorageException e, String code) {
    String status = code.isEmpty() ? "" + e.getStatusCode() : code + ", " + e.getStatusCode();
    Matcher message = MESSAGE.matcher(String.valueOf(e.getServiceMessage()));
    return message.find()
        ? quoted(unescaped(message.group(1))) + " (" + status + ")"
        : "the answer has the status " + status;
  }

  private static String unescaped(String xml) {
    return xml.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&");
  }

  /** {@return a text of Azure or of the client, without secrets, as a part of a message} */
  private String quoted(String text) {
    return ServerMessage.quote(Redacted.text(text, container.access().secrets()));
  }

  /** {@return the exception as a cause; none if it or one that it has shows a signature} */
  private @Nullable Throwable shown(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String text = String.valueOf(cause.getMessage());
      if (SIGNED.matcher(text).find()
          || container.access().secrets().stream().anyMatch(text::contains)) {
        return null;
      }
    }
    return failure;
  }

  private String wayOut(ErrorKind kind) {
    return switch (kind) {
      case UNAUTHORIZED -> ". " + container.access().wayOut(container.account());
      case TIMEOUT -> ". Whether it was done is not known";
      default -> "";
    };
  }

  private static Optional<Duration> retryAfter(@Nullable HttpResponse answer) {
    String seconds = answer == null ? null : answer.getHeaderValue(HttpHeaderName.RETRY_AFTER);
    return seconds != null && SECONDS.matcher(seconds).matches()
        ? Optional.of(Duration.ofSeconds(Long.parseLong(seconds)))
        : Optional.empty();
  }

  /** {@return a failure of an upload; if there is no container, one that is not retried, which would make none} */
  ServingException ofUpload(ServingException e) {
    return e.kind() == ErrorKind.NOT_FOUND
        ? ServingException.builder(
                AzureMlProvider.ID,
                ErrorKind.INVALID,
                e.getMessage() + ". Create the container " + container.name()
                    + " in the storage account " + container.account()
                    + " first, or correct the workspace's default datastore")
            .cause(e.getCause())
            .requestId(e.requestId().orElse(null))
            .build()
        : e;
  }
}
