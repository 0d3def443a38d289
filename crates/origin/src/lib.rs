//! A live origin, pure: (asset, configuration, request, now) gives the response.
