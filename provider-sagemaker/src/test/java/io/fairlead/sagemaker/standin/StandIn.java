package io.fairlead.sagemaker.standin;

import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.ok;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.extension.ResponseDefinitionTransformerV2;
import com.github.tomakehurst.wiremock.http.HttpHeader;
import com.github.tomakehurst.wiremock.http.HttpHeaders;
import com.github.tomakehurst.wiremock.http.Request;
import com.github.tomakehurst.wiremock.http.ResponseDefinition;
import com.github.tomakehurst.wiremock.stubbing.ServeEvent;
import io.fairlead.contract.VirtualTime;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.http.SdkHttpClient;

/**
 * SageMaker, its runtime, Application Auto Scaling, S3, and CloudWatch's logs and alarms, on one port of 127.0.0.1, once in a JVM, and for clients that
 * need no wire.
 *
 * <p>Which service is asked, and whose account it is, it reads from the signature's scope. Signatures are not verified.
 */
public final class StandIn {
  private static final Map<String, Account> ACCOUNTS = new ConcurrentHashMap<>();
  private static final AtomicLong REQUESTS = new AtomicLong();
  /** What numbers of twelve digits follow. */
  private static final long FIRST_REQUEST = 1_000_000_000_000L;

  private StandIn() {}

  private static final class Server {
    static final WireMockServer INSTANCE = start();

    private static WireMockServer start() {
      WireMockServer server = new WireMockServer(options()
          .bindAddress("127.0.0.1")
          .dynamicPort()
          .jettyAcceptors(1)
          .containerThreads(24)
          .disableRequestJournal()
          .stubRequestLoggingDisabled(true)
          .gzipDisabled(true)
          .extensions(new Dispatcher()));
      server.start();
      server.stubFor(any(anyUrl()).willReturn(ok()));
      return server;
    }
  }

  /** {@return where all the services answer} */
  public static URI endpoint() {
    return URI.create("http://127.0.0.1:" + Server.INSTANCE.port());
  }

  /** {@return a client that all the services answer without a wire; nothing has to close it} */
  public static SdkHttpClient client() {
    return new InProcessClient();
  }

  /** {@return an empty account for those who sign with this access key} */
  public static Account account(String accessKeyId, VirtualTime time) {
    Account account = new Account(accessKeyId, time);
    if (ACCOUNTS.putIfAbsent(accessKeyId, account) != null) {
      throw new IllegalArgumentException(accessKeyId + " has an account already: close it first");
    }
    return account;
  }

  static void close(String accessKeyId) {
    ACCOUNTS.remove(accessKeyId);
  }

  private static final class Dispatcher implements ResponseDefinitionTransformerV2 {
    @Override
    public String getName() {
      return "aws";
    }

    @Override
    public ResponseDefinition transform(ServeEvent event) {
      Answer answer = answer(received(event.getRequest()));
      List<HttpHeader> headers = new ArrayList<>();
      answer.headers().forEach((name, value) -> headers.add(new HttpHeader(name, value)));
      return ResponseDefinitionBuilder.responseDefinition()
          .withStatus(answer.status())
          .withHeaders(new HttpHeaders(headers))
          .withBody(answer.body())
          .build();
    }

    private static Call received(Request request) {
      Map<String, List<String>> headers = new HashMap<>();
      for (HttpHeader header : request.getHeaders().all()) {
        headers.put(header.key(), header.values());
      }
      byte[] body = request.getBody();
      return new Call(
          request.getMethod().value(),
          request.getUrl(),
          headers,
          body == null ? new byte[0] : body);
    }
  }

  static Answer answer(Call call) {
    return numbered(answer(ACCOUNTS.get(call.accessKeyId()), call));
  }

  /** {@return an answer with the number of its request} */
  static Answer numbered(Answer answer) {
    String number = String.valueOf(FIRST_REQUEST + REQUESTS.incrementAndGet()).substring(1);
    String requestId = "00000000-0000-0000-0000-" + number;
    return answer.with("x-amzn-RequestId", requestId).with("x-amz-request-id", requestId);
  }

  /** {@return what an account answers; null if there is none} */
  static Answer answer(@Nullable Account account, Call call) {
    try {
      if (account == null) {
        throw unknownKey(call);
      }
      return account.answer(call);
    } catch (AwsError e) {
      return e.answer(call.service(), call.method());
    } catch (RuntimeException e) {
      StringWriter trace = new StringWriter();
      e.printStackTrace(new PrintWriter(trace, true));
      return AwsError.of(501, "StandInFailure", trace.toString())
          .answer(call.service(), call.method());
    }
  }

  private static AwsError unknownKey(Call call) {
    return call.service().equals("s3")
        ? AwsError.of(
            403,
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.")
        : AwsError.of(
            call.isControl() ? 400 : 403,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.");
  }
}
