"""Accounts (账户): who is at the other end of a page, and how sure the platform is of it.

Terms: account 账户 (staff), second factor 第二要素, passkey 通行密钥, recovery code 恢复码,
one-time code 验证码 (citizens), visitor 访问者, throttle 限流.
Sources: NIST SP 800-63B (throttling, look-up secrets), RFC 6238 (TOTP), W3C WebAuthn Level 3.
"""
