import io.kmsak.Provider
import io.kmsak.ServiceError
import java.io.IOException
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

/** What Kotlin infers. */
class KotlinTest {
  private class Rejected : IOException(), ServiceError {
    override fun errorCode() = "InvalidAccessKeyId.NotFound"
  }

  @Test
  fun aCallNeedsNoTypes() {
    Provider.fixed().accessKey("app", "LTAI1", "one").accessKey("app", "LTAI2", "two").open().use { provider ->
      val id = provider.execute("app") { credentials ->
        if (credentials.accessKeyId() == "LTAI1") throw Rejected()
        credentials.accessKeyId()
      }
      assertEquals("LTAI2", id)
    }
  }
}
